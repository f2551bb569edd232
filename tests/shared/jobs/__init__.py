"""Tests of the worker loops over real shards."""

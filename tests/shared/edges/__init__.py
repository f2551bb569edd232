"""Tests of edges over real shards."""

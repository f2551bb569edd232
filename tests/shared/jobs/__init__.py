"""Tests of the loops of a worker over real shards."""

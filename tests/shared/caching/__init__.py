"""Tests of the connections to Redis, against a real Redis."""

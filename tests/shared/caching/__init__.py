"""Tests of the connections to Redis, with a Redis of their own."""

"""Searches Postgres, Redis and the store for traces of a deleted account."""

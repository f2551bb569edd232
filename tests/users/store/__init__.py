"""Tests of the stores of users over real Postgres and Redis."""

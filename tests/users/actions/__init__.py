"""Tests of the actions of users over real Postgres and Redis."""

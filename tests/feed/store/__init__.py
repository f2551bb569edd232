"""Tests of feed's stores over the suite's real Postgres and Redis."""

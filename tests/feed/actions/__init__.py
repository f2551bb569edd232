"""Tests of feed's actions over the suite's real Postgres and Redis."""

"""Tests of names, TLS and Redis."""

"""Tests of infra/bootstrap."""

"""Tests of infra/watching."""

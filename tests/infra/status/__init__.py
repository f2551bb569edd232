"""Tests of infra/status."""

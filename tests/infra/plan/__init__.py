"""Tests of infra/plan."""

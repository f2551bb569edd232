"""Tests of infra/control."""

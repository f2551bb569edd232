"""Tests of infra/automation."""

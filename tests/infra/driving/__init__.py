"""Tests of infra/driving."""

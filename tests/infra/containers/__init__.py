"""Tests of the suite in containers."""

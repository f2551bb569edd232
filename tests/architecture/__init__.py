"""Tests that enforce the rules of the source tree."""

"""Tests of upload's rules."""

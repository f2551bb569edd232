"""Tests of upload's contained decoder."""

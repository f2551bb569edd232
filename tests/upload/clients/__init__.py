"""Tests of upload's clients."""

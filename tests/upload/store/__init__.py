"""Tests of upload's stores."""

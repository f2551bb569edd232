"""Tests of upload's actions."""

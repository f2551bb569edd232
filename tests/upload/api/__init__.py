"""Tests of upload's routes."""

"""Tests of feed's clients."""

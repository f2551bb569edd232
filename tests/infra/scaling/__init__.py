"""Tests of how a running suite changes in size and in what it accepts."""

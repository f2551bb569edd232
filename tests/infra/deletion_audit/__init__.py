"""Tests of the search for traces of a deleted account."""

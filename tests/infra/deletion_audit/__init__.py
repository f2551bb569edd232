"""Tests of the search for what a deletion left."""

"""Tests of the shapes that travel between services."""

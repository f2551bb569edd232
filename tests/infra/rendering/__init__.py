"""Tests of infra/rendering."""

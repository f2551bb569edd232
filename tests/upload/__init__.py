"""Tests of the service upload."""

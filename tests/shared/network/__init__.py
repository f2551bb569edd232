"""Tests of names and TLS."""

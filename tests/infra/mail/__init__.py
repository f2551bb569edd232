"""Tests of the embedded server of mail."""

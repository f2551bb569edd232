"""Tests of the clients of users."""

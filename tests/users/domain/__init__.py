"""Tests of the rules of users; they need no server."""

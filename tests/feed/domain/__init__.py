"""Tests of feed's rules; they need no server."""

"""Tests of the gateway's rules."""

"""Tests of the gateway's views."""

"""Tests of the gateway: api."""

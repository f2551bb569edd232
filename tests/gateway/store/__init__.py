"""Tests of the gateway: store."""

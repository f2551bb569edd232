"""Tests of the gateway: domain."""

"""Tests of the gateway: actions."""

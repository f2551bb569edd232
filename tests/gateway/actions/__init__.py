"""Tests of the gateway's actions."""

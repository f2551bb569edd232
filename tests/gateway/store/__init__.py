"""Tests of the gateway's stores."""

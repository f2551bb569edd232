"""Tests of the demo's world and pictures."""

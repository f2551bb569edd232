"""Tests of the proof: its record, its checks and its faults."""

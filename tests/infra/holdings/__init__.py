"""Tests of the comparison of ledger, disk and topology."""

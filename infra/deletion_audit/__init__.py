"""Looks everywhere for what is left of a deleted account."""

"""Reacts to alerts as people would: one process takes them, and another one acts."""

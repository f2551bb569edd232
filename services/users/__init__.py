"""Accounts, sessions, profiles and the follow graph."""

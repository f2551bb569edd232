"""The calls of users to others."""

"""The calls of users to other services."""

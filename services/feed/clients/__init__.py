"""The calls of feed to other services."""

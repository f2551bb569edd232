"""Feed's calls to other services."""

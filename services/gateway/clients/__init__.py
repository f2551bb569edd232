"""The gateway's calls to the three services, by their paths."""

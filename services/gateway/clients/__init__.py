"""The calls to the three services behind the gateway, by their paths."""

"""The four services; each is a slice with the same layers inside."""

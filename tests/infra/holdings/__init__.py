"""The comparison of what the suite should hold with what is there."""

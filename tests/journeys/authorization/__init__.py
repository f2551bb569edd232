"""The outcome of every public operation, for every relation and privacy."""

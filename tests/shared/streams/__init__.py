"""The tests of the loops of a worker."""

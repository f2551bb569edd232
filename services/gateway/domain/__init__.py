"""The public shapes and the pure functions that make them."""

"""Parts that somebody else runs."""

"""Parts of a suite that somebody else runs: reaching them, checking them, and what is refused."""

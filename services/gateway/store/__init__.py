"""The gateway's own Redis: rate limits, stream places and invalidations."""

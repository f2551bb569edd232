"""The gateway's own Redis: what callers have used of their limits."""

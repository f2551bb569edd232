"""The routes of feed.internal."""

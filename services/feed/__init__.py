"""feed: posts, likes and timelines."""

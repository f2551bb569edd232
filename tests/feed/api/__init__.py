"""The routes of feed.internal, called as the gateway and users call them."""

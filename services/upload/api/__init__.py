"""The internal HTTP API of upload: a route parses, makes one call and shapes the answer."""

"""The routes of upload.internal: each parses, makes one call and shapes the answer."""

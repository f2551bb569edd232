"""The public API: it owns no data, and composes the replies of users, upload and feed."""

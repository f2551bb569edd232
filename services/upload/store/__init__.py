"""The only SQL and the only S3 keys of upload."""

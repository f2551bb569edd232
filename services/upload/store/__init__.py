"""Upload's SQL, Redis keys and S3 keys."""

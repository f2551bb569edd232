"""The SQL, Redis keys and password hashes of users."""

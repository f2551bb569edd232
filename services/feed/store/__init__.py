"""Feed's rows in Postgres and its keys in Redis."""

"""feed's rows and keys, in the suite's real Postgres and Redis."""

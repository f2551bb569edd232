"""What users does, against real Postgres and Redis."""

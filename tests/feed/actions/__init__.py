"""What feed does, over the suite's real Postgres and Redis."""

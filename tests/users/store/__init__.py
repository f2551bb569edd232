"""Users' stores against real Postgres and Redis."""

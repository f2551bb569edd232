"""A group of logical shards over several Postgres primaries, and what works across them."""

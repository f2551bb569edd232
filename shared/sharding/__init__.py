"""A group of logical shards over several Postgres primaries: placement, reads, transactions."""

"""Groups of logical shards on several Postgres primaries: placement, reads, transactions."""

"""The loops of a worker over a shard group: jobs, the outbox, and sweeping what has expired."""

"""The loops of a worker over a shard group: jobs, the outbox, and the reconciler of edges."""

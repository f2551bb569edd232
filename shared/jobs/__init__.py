"""The worker loops over a shard group: jobs, outbox relay and edge reconciler."""

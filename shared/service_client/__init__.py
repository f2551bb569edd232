"""A process that asks: calls to the replicas of another service, within the deadline."""

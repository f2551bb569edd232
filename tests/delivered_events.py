"""Stands for a relay where a test runs no worker."""

from shared.sharding.shard_group import ShardGroup


async def forget_events(group: ShardGroup) -> None:
    """Empty the outboxes of all shards, as a relay does once everything is delivered."""
    for shard in group.shards():
        schema = group.reader(shard).schema
        await group.primary_node(shard).fetch(f"DELETE FROM {schema}.outbox", ())

"""Copies alternative texts from a post to its photos."""

from collections.abc import Mapping

from services.upload.store.photos import describe_published
from shared.sharding.shard_group import ShardGroup


async def describe_photos(
    group: ShardGroup, owner_id: int, post_id: int, alt_texts: Mapping[int, str]
) -> None:
    """Write texts by photo id; photos of other posts are skipped."""
    async with group.writer(group.shard_of(owner_id)) as tx:
        await describe_published(tx, owner_id, post_id, alt_texts)

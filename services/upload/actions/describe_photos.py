"""Keeps what upload says of published photos in line with their post."""

from collections.abc import Mapping

from services.upload.store.photos import describe_published
from shared.sharding.shard_group import ShardGroup


async def describe_photos(
    group: ShardGroup, owner_id: int, post_id: int, alt_texts: Mapping[int, str]
) -> None:
    """By the id of each photo; those that are not the post's are passed over."""
    async with group.writer(group.shard_of(owner_id)) as tx:
        await describe_published(tx, owner_id, post_id, alt_texts)

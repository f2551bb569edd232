"""Finds objects of the store that nothing in the database stands for."""

from collections.abc import AsyncIterator
from datetime import datetime

from services.upload.store.known_keys import unknown_keys
from services.upload.store.objects import Objects
from shared.sharding.shard_group import ShardGroup

_PAGE_MAX = 500


async def find_orphans(
    group: ShardGroup, objects: Objects, prefix: str, older_than: datetime
) -> AsyncIterator[list[str]]:
    """Keys below the prefix, a page at a time; younger ones may belong to what is under way."""
    after: str | None = ""
    while after is not None:
        listed, after = await objects.page(f"{prefix}/", after, _PAGE_MAX)
        old = [found.key for found in listed if found.modified_at < older_than]
        yield await unknown_keys(group, prefix, old)

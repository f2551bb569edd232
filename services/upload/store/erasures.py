"""Finds the photos that a deleted account still has, and keeps others from being added."""

from pathlib import Path

from shared.errors import NotFound
from shared.jobs.expired_rows import Expiry
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A request lasts some minutes at most, and a job that an outage delays is repeated within hours.
OLD_BARS = Expiry(_SQL["end_old_bars"], 24 * 3600.0)


async def lock_owner(tx: Transaction, owner_id: int) -> None:
    """Make others that add something of this owner wait until the transaction ends.

    Raises NotFound if the owner's erasure has begun.
    """
    await tx.execute(_SQL["lock_owner"], owner_id=owner_id)
    # A statement of its own: it sees what was committed while the first one waited.
    if await tx.value(_SQL["is_erased"], owner_id=owner_id):
        raise NotFound


async def bar_owner(group: ShardGroup, owner_id: int) -> None:
    """Wait for all that is being added of an owner, and let nothing be added after it."""
    async with group.writer(group.shard_of(owner_id)) as tx:
        await tx.execute(_SQL["lock_owner"], owner_id=owner_id)
        await tx.execute(_SQL["bar_owner"], owner_id=owner_id)


async def photo_ids_of_owner(group: ShardGroup, owner_id: int, limit: int) -> list[int]:
    """Ids of photos in any state, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["photos_of_owner"], owner_id=owner_id, limit=limit
    )
    return [row["id"] for row in rows]

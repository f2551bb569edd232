"""The rows of archives, in their owners' shards."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.upload.store.erasures import lock_owner
from shared.contracts.accounts import ArchiveState
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """An archive as the database has it."""

    id: int
    owner_id: int
    state: ArchiveState
    bytes: int | None
    ready_at: datetime | None


async def insert_archive(tx: Transaction, archive_id: int, owner_id: int) -> bool:
    """Write an archive to be composed; False if it exists already.

    Raises NotFound if the owner's erasure has begun.
    """
    await lock_owner(tx, owner_id)
    return await tx.execute(_SQL["insert_archive"], archive_id=archive_id, owner_id=owner_id) > 0


async def find_archive(group: ShardGroup, archive_id: int) -> StoredArchive | None:
    """An archive; None if it is unknown or has expired."""
    row = await group.reader(group.shard_of(archive_id)).row(
        _SQL["find_archive"], archive_id=archive_id
    )
    return None if row is None else StoredArchive(**row)


async def archive_ids_of_owner(group: ShardGroup, owner_id: int, limit: int) -> list[int]:
    """The archives of an owner, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["archive_ids_of_owner"], owner_id=owner_id, limit=limit
    )
    return [row["id"] for row in rows]


async def mark_ready(tx: Transaction, archive_id: int, size: int) -> bool:
    """Record that the archive is in the store; False if it was ready before, or is gone."""
    return await tx.execute(_SQL["mark_ready"], archive_id=archive_id, bytes=size) > 0


async def delete_archive(group: ShardGroup, archive_id: int) -> None:
    """Delete the row of an archive whose objects are gone."""
    async with group.writer(group.shard_of(archive_id)) as tx:
        await tx.execute(_SQL["delete_archive"], archive_id=archive_id)

"""Requested copies of accounts, and their progress."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A job waiting for a service resumes by itself; after a day the owner may start a new copy.
_GIVEN_UP_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class StoredExport:
    """The newest requested copy; `id` names the archive at upload."""

    user_id: int
    id: int
    requested_at: datetime
    handed_in_at: datetime | None


async def request_export(tx: Transaction, user_id: int) -> int | None:
    """Begin a copy and return its id; None while one is being made."""
    export_id: int | None = await tx.value(
        _SQL["request_export"], user_id=user_id, given_up_s=_GIVEN_UP_SECONDS
    )
    return export_id


async def find_export(group: ShardGroup, user_id: int) -> StoredExport | None:
    """The newest copy; None if there is none."""
    row = await group.reader(group.shard_of(user_id)).row(_SQL["find_export"], user_id=user_id)
    return None if row is None else StoredExport(**row)


async def note_handed_in(group: ShardGroup, export: StoredExport) -> None:
    """Record that upload has the documents."""
    async with group.writer(group.shard_of(export.user_id)) as tx:
        await tx.execute(_SQL["note_handed_in"], user_id=export.user_id, export_id=export.id)

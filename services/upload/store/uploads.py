"""The rows of resumable uploads: durable bytes and the keys of their pieces."""

from dataclasses import asdict, dataclass
from pathlib import Path

from services.upload.domain.uploads import (
    KEPT,
    NewUpload,
    ParkedUpload,
    ParkingLimits,
    StoredUpload,
    TooManyUploads,
    uploads_to_drop,
)
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an upload in the store."""

    upload_id: int
    start: int
    size: int
    sha256: bytes
    key: str


async def make_place(tx: Transaction, new: NewUpload, limits: ParkingLimits) -> None:
    """Keep the owner's unfinished uploads within their limits when `new` is added.

    The caller holds the owner's lock, so the limits are exact. Raises TooManyUploads.
    """
    rows = await tx.rows(_SQL["parked_uploads"], owner_id=new.owner_id, idle_s=limits.idle_s)
    parked = [ParkedUpload(**row) for row in rows]
    dropped = uploads_to_drop(parked, new.length, limits)
    if not dropped:
        return
    gone = await tx.value(_SQL["drop_idle"], upload_ids=dropped, idle_s=limits.idle_s)
    if gone != len(dropped):
        raise TooManyUploads(retry_after_s=1)


async def insert_upload(tx: Transaction, new: NewUpload) -> StoredUpload:
    """Write a new upload."""
    row = await tx.row(_SQL["insert_upload"], **asdict(new))
    assert row is not None  # noqa: S101 - an INSERT with RETURNING
    return StoredUpload(**row)


async def find_upload(group: ShardGroup, upload_id: int, owner_id: int) -> StoredUpload | None:
    """An owner's upload, always from the primary, because its offset must be exact."""
    row = await group.reader(group.shard_of(upload_id)).row(
        _SQL["find_upload"], upload_id=upload_id, owner_id=owner_id
    )
    return None if row is None else StoredUpload(**row)


async def append_piece(tx: Transaction, piece: Piece) -> StoredUpload | None:
    """Add a piece to the upload; None if the upload has another offset."""
    row = await tx.row(
        _SQL["append_piece"],
        upload_id=piece.upload_id,
        start=piece.start,
        size=piece.size,
        sha256=piece.sha256,
        key=piece.key,
    )
    return None if row is None else StoredUpload(**row)


async def has_piece(group: ShardGroup, upload_id: int, start: int, sha256: bytes) -> bool:
    """Whether the same piece was appended before."""
    found: bool = await group.reader(group.shard_of(upload_id)).value(
        _SQL["has_piece"], upload_id=upload_id, start=start, sha256=sha256
    )
    return found


async def count_pieces(group: ShardGroup, upload_id: int) -> int:
    """The number of its pieces so far."""
    count: int = await group.reader(group.shard_of(upload_id)).value(
        _SQL["count_pieces"], upload_id=upload_id
    )
    return count


async def piece_keys(group: ShardGroup, upload_id: int) -> list[str]:
    """The keys of its pieces, in the order of their bytes."""
    rows = await group.reader(group.shard_of(upload_id)).rows(_SQL["pieces"], upload_id=upload_id)
    return [row["key"] for row in rows]


async def note_photo(group: ShardGroup, upload_id: int, photo_id: int) -> None:
    """Record the photo made of it; the rows of its pieces stay, to recognise repeated bytes."""
    async with group.writer(group.shard_of(upload_id)) as tx:
        await tx.execute(_SQL["note_photo"], upload_id=upload_id, photo_id=photo_id)


async def delete_upload(group: ShardGroup, upload_id: int, owner_id: int) -> list[str]:
    """Delete an owner's upload and its pieces' rows, if it still exists; returns the pieces' keys.

    Their objects are the caller's to delete; if it dies before, the sweep does.
    """
    async with group.writer(group.shard_of(upload_id)) as tx:
        await tx.execute(_SQL["lock_upload"], upload_id=upload_id, owner_id=owner_id)
        rows = await tx.rows(_SQL["delete_upload"], upload_id=upload_id, owner_id=owner_id)
    return [row["key"] for row in rows]


async def upload_ids_of_owner(group: ShardGroup, owner_id: int, limit: int) -> list[int]:
    """The uploads of an owner, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["uploads_of_owner"], owner_id=owner_id, limit=limit
    )
    return [row["id"] for row in rows]


async def count_abandoned(group: ShardGroup, shard: int) -> int:
    """How many uploads of one shard have been idle for a day."""
    count: int = await group.reader(shard).value(
        _SQL["count_abandoned"], kept_s=KEPT.total_seconds()
    )
    return count


async def delete_abandoned(group: ShardGroup, shard: int, limit: int) -> int:
    """Delete uploads of one shard that have been idle for a day, and return their number."""
    async with group.writer(shard) as tx:
        return await tx.execute(_SQL["delete_abandoned"], kept_s=KEPT.total_seconds(), limit=limit)

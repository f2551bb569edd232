"""Pictures that come in pieces: which bytes of each are durable, and where they lie."""

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
    """Some bytes of an upload that are in the store."""

    upload_id: int
    start: int
    size: int
    sha256: bytes
    key: str


async def make_place(tx: Transaction, new: NewUpload, limits: ParkingLimits) -> None:
    """Keep the owner's unfinished uploads within their limits when `new` is added to them.

    The caller holds the owner's lock, so the limits are exact. Raises TooManyUploads.
    """
    rows = await tx.rows(_SQL["parked_uploads"], owner_id=new.owner_id, idle_s=limits.idle_s)
    parked = [ParkedUpload(**row) for row in rows]
    dropped = uploads_to_drop(parked, new.length, limits)
    if not dropped:
        return
    gone = await tx.execute(_SQL["drop_idle"], upload_ids=dropped, idle_s=limits.idle_s)
    if gone != len(dropped):
        raise TooManyUploads(retry_after_s=1)


async def insert_upload(tx: Transaction, new: NewUpload) -> StoredUpload:
    """Begin an upload of so many bytes."""
    row = await tx.row(_SQL["insert_upload"], **asdict(new))
    assert row is not None  # noqa: S101 - an INSERT with RETURNING
    return StoredUpload(**row)


async def find_upload(group: ShardGroup, upload_id: int, owner_id: int) -> StoredUpload | None:
    """An own upload as it now is; always the primary's answer, since its offset must be exact."""
    row = await group.reader(group.shard_of(upload_id)).row(
        _SQL["find_upload"], upload_id=upload_id, owner_id=owner_id
    )
    return None if row is None else StoredUpload(**row)


async def append_piece(tx: Transaction, piece: Piece) -> StoredUpload | None:
    """Move the upload on by a piece; None if it does not stand where the piece begins."""
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
    """Has this very piece been appended before?"""
    found: bool = await group.reader(group.shard_of(upload_id)).value(
        _SQL["has_piece"], upload_id=upload_id, start=start, sha256=sha256
    )
    return found


async def count_pieces(group: ShardGroup, upload_id: int) -> int:
    """In how many pieces it has come so far."""
    count: int = await group.reader(group.shard_of(upload_id)).value(
        _SQL["count_pieces"], upload_id=upload_id
    )
    return count


async def piece_keys(group: ShardGroup, upload_id: int) -> list[str]:
    """Where its pieces lie, in the order of their bytes."""
    rows = await group.reader(group.shard_of(upload_id)).rows(_SQL["pieces"], upload_id=upload_id)
    return [row["key"] for row in rows]


async def note_photo(group: ShardGroup, upload_id: int, photo_id: int) -> None:
    """A photo has been made of it: from here on its pieces are not needed."""
    async with group.writer(group.shard_of(upload_id)) as tx:
        await tx.execute(_SQL["note_photo"], upload_id=upload_id, photo_id=photo_id)
        await tx.execute(_SQL["delete_pieces"], upload_id=upload_id)


async def delete_upload(group: ShardGroup, upload_id: int, owner_id: int) -> None:
    """Forget an own upload and its pieces; one that is gone is fine."""
    async with group.writer(group.shard_of(upload_id)) as tx:
        await tx.execute(_SQL["delete_upload"], upload_id=upload_id, owner_id=owner_id)


async def upload_ids_of_owner(group: ShardGroup, owner_id: int, limit: int) -> list[int]:
    """The uploads of somebody, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["uploads_of_owner"], owner_id=owner_id, limit=limit
    )
    return [row["id"] for row in rows]


async def count_abandoned(group: ShardGroup, shard: int) -> int:
    """How many uploads of one shard nobody has gone on with for a day."""
    count: int = await group.reader(shard).value(
        _SQL["count_abandoned"], kept_s=KEPT.total_seconds()
    )
    return count


async def delete_abandoned(group: ShardGroup, shard: int, limit: int) -> int:
    """Forget uploads of one shard that nobody has gone on with for a day; how many."""
    async with group.writer(shard) as tx:
        return await tx.execute(_SQL["delete_abandoned"], kept_s=KEPT.total_seconds(), limit=limit)

"""The rows of photos, each in its owner's shard."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncpg import Record

from services.upload.domain.edits import PhotoEdit
from services.upload.domain.photos import StoredPhoto
from services.upload.domain.picture_kinds import PictureKind
from services.upload.domain.quotas import QUOTA, ROOM_RETRY_S, NoRoomForPhotos, Quota, check_room
from services.upload.domain.rendition_sizes import Size
from services.upload.store.erasures import lock_owner
from shared.contracts.photos import QuotaUse, Rendition
from shared.errors import NotFound
from shared.ids import first_id_at
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# An unconfirmed claim keeps a photo from other posts for this long. Confirmations come from feed's
# outbox: within a second normally, after minutes during an outage.
CLAIM_SECONDS = 600.0

# A claimed photo may be in a post whose confirmation is delayed. It is not swept for a week, within
# which operators have repaired feed's outbox.
CLAIM_KEPT_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """What is known once the bytes have arrived.

    With `may_be_twin`, no photo is made if its owner has sent the same bytes before.
    """

    owner_id: int
    kind: PictureKind
    sha256: bytes
    received_bytes: int
    quarantine_key: str
    may_be_twin: bool = False


async def find_twin(tx: Transaction, new: NewPhoto) -> StoredPhoto | None:
    """The owner's unclaimed photo of the same bytes from the last day.

    Until the transaction ends, no other call can add a photo for this owner. Raises NotFound for an
    erased owner.
    """
    await lock_owner(tx, new.owner_id)
    row = await tx.row(
        _SQL["find_twin"], owner_id=new.owner_id, sha256=new.sha256, since=_first_id_of_the_day()
    )
    return None if row is None else _photo(row)


async def insert_photo(tx: Transaction, new: NewPhoto, quota: Quota = QUOTA) -> StoredPhoto:
    """Write a photo to be processed; raises AccountIsFull, DayIsFull and NoRoomForPhotos."""
    await check_owner_has_room(tx, new.owner_id, quota)
    row = await tx.row(
        _SQL["insert_photo"],
        owner_id=new.owner_id,
        sha256=new.sha256,
        received_bytes=new.received_bytes,
        kind=new.kind.name,
        quarantine_key=new.quarantine_key,
    )
    assert row is not None  # noqa: S101 - an INSERT with RETURNING
    return _photo(row)


async def check_owner_has_room(tx: Transaction, owner_id: int, quota: Quota = QUOTA) -> None:
    """Make sure that this owner may add one more photo until the transaction ends.

    Raises AccountIsFull, DayIsFull and NoRoomForPhotos, and NotFound for an erased owner. The lock
    makes it exact for concurrent calls.
    """
    await lock_owner(tx, owner_id)
    row = await tx.row(
        _SQL["count_of_owner"],
        owner_id=owner_id,
        since=_first_id_of_the_day(),
        photos_max=quota.photos_max,
        photos_a_day_max=quota.photos_a_day_max,
    )
    assert row is not None  # noqa: S101 - two counts
    if row["is_short_of_room"]:
        raise NoRoomForPhotos(retry_after_s=ROOM_RETRY_S)
    check_room(quota, photos=row["photos"], photos_a_day=row["photos_a_day"])


async def used_of_quota(group: ShardGroup, owner_id: int, quota: Quota = QUOTA) -> QuotaUse:
    """The owner's use of the quota."""
    row = await group.reader(group.shard_of(owner_id)).row(
        _SQL["count_of_owner"],
        owner_id=owner_id,
        since=_first_id_of_the_day(),
        photos_max=quota.photos_max,
        photos_a_day_max=quota.photos_a_day_max,
    )
    assert row is not None  # noqa: S101 - two counts
    return {
        "photos_count": row["photos"],
        "photos_max": quota.photos_max,
        "photos_today_count": row["photos_a_day"],
        "photos_today_max": quota.photos_a_day_max,
    }


async def find_photo(group: ShardGroup, photo_id: int) -> StoredPhoto | None:
    """A photo; None if it is unknown or released."""
    row = await group.reader(group.shard_of(photo_id)).row(_SQL["find_photo"], photo_id=photo_id)
    return None if row is None else _photo(row)


async def get_own_photo(group: ShardGroup, photo_id: int, owner_id: int) -> StoredPhoto:
    """The owner's photo; raises NotFound for everybody else."""
    photo = await find_photo(group, photo_id)
    if photo is None or photo.owner_id != owner_id:
        raise NotFound
    return photo


async def page_of_owner(
    group: ShardGroup, owner_id: int, *, after: int, limit: int
) -> list[StoredPhoto]:
    """An owner's photos in any state except released, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["page_of_owner"], owner_id=owner_id, after=after, limit=limit
    )
    return [_photo(row) for row in rows]


async def find_released_photo(group: ShardGroup, photo_id: int) -> StoredPhoto | None:
    """A released photo whose objects must be deleted; None once that is done."""
    row = await group.reader(group.shard_of(photo_id)).row(
        _SQL["find_released_photo"], photo_id=photo_id
    )
    return None if row is None else _photo(row)


async def count_processing(group: ShardGroup, owner_id: int, photo_ids: Sequence[int]) -> int:
    """How many of the owner's photos are still being processed."""
    count: int = await group.reader(group.shard_of(owner_id)).value(
        _SQL["count_processing"], owner_id=owner_id, photo_ids=list(photo_ids)
    )
    return count


async def lock_own_photos(
    tx: Transaction, owner_id: int, photo_ids: Collection[int]
) -> dict[int, StoredPhoto]:
    """The owner's photos by id, locked until the transaction ends; claims set `is_taken`."""
    rows = await tx.rows(
        _SQL["lock_own_photos"],
        owner_id=owner_id,
        photo_ids=list(photo_ids),
        claim_seconds=CLAIM_SECONDS,
    )
    return {row["id"]: _photo(row) for row in rows}


async def claim_photos(tx: Transaction, photo_ids: Collection[int], claimant: str) -> None:
    """Claim photos for CLAIM_SECONDS, or renew the claim."""
    await tx.execute(_SQL["claim_photos"], photo_ids=list(photo_ids), claimant=claimant)


async def confirm_photos(
    tx: Transaction,
    owner_id: int,
    photo_ids: Collection[int],
    claimant: str,
    post_id: int | None,
) -> list[int]:
    """Give photos to an existing post for good; repeatable.

    Returns those that were ever edited: their unedited renditions are no longer needed.
    """
    rows = await tx.rows(
        _SQL["confirm_photos"],
        owner_id=owner_id,
        photo_ids=list(photo_ids),
        claimant=claimant,
        post_id=post_id,
    )
    return [row["id"] for row in rows if row["was_edited"]]


async def release_photos(
    tx: Transaction, owner_id: int, photo_ids: Collection[int], post_id: int | None = None
) -> list[int]:
    """Release photos and return the ids of those not released before.

    With a post id, photos of other posts are skipped.
    """
    rows = await tx.rows(
        _SQL["release_photos"], owner_id=owner_id, photo_ids=list(photo_ids), post_id=post_id
    )
    return [row["id"] for row in rows]


async def release_unattached(tx: Transaction, photo_ids: Collection[int]) -> list[int]:
    """Release photos that are still in no post, and return their ids."""
    rows = await tx.rows(
        _SQL["release_unattached"], photo_ids=list(photo_ids), claim_kept_s=CLAIM_KEPT_SECONDS
    )
    return [row["id"] for row in rows]


async def write_alt_text(tx: Transaction, photo_id: int, alt_text: str) -> None:
    """Set the alternative text of a locked photo."""
    await tx.execute(_SQL["write_alt_text"], photo_id=photo_id, alt_text=alt_text)


async def describe_published(
    tx: Transaction, owner_id: int, post_id: int, alt_texts: Mapping[int, str]
) -> None:
    """Set the alternative texts of a post's photos, by photo id."""
    await tx.execute(
        _SQL["describe_published"],
        owner_id=owner_id,
        post_id=post_id,
        photo_ids=list(alt_texts),
        alt_texts=list(alt_texts.values()),
    )


async def mark_ready(
    tx: Transaction, photo: StoredPhoto, size: Size, thumbhash: str, renditions: list[Rendition]
) -> None:
    """Mark a photo as ready, its renditions durable; skipped if it was edited meanwhile."""
    await tx.execute(
        _SQL["mark_ready"],
        photo_id=photo.id,
        edits=photo.edits,
        width=size.width,
        height=size.height,
        thumbhash=thumbhash,
        renditions=renditions,
    )


async def write_edit(tx: Transaction, photo_id: int, edit: PhotoEdit) -> None:
    """Set another edit of a locked photo, which must then be drawn."""
    await tx.execute(_SQL["write_edit"], photo_id=photo_id, filter=edit.filter_name, crop=edit.crop)


async def undo_edit(tx: Transaction, photo_id: int) -> None:
    """Restore a locked photo to its unedited state at once."""
    await tx.execute(_SQL["undo_edit"], photo_id=photo_id)


async def lock_photo(tx: Transaction, photo_id: int) -> StoredPhoto | None:
    """A photo, locked until the transaction ends; None if it is released."""
    row = await tx.row(_SQL["lock_photo"], photo_id=photo_id)
    return None if row is None else _photo(row)


async def mark_failed(tx: Transaction, photo_id: int, failure: str) -> None:
    """Mark a photo as failed; `failure` is a sentence for its owner."""
    await tx.execute(_SQL["mark_failed"], photo_id=photo_id, failure=failure)


async def spend_decoding(
    group: ShardGroup, photo_id: int, *, wanted_seconds: int, most_seconds: int
) -> int | None:
    """Count a coming try against a photo's budget, and return the seconds it may use.

    0 if all tries together have used `most_seconds`; None if the photo is gone.
    """
    async with group.writer(group.shard_of(photo_id)) as tx:
        row = await tx.row(
            _SQL["spend_decoding"],
            photo_id=photo_id,
            wanted_ms=wanted_seconds * 1000,
            most_ms=most_seconds * 1000,
        )
    return None if row is None else int(row["ms"]) // 1000


async def refund_decoding(group: ShardGroup, photo_id: int, unspent_ms: int) -> None:
    """Refund what an unfinished try has not used."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["refund_decoding"], photo_id=photo_id, unspent_ms=unspent_ms)


async def forget_original(group: ShardGroup, photo_id: int) -> None:
    """Record that the original is gone from the store."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["forget_original"], photo_id=photo_id)


async def delete_photo(group: ShardGroup, photo_id: int) -> None:
    """Delete the row of a released photo whose objects are gone."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["delete_photo"], photo_id=photo_id)


async def unattached_photos(
    group: ShardGroup, shard: int, *, before: int, after: int, limit: int
) -> list[int]:
    """Photos older than the id `before` that are in no post and not claimed for a week."""
    rows = await group.reader(shard).rows(
        _SQL["unattached_photos"],
        before=before,
        after=after,
        limit=limit,
        claim_kept_s=CLAIM_KEPT_SECONDS,
    )
    return [row["id"] for row in rows]


async def page_of_ready(
    group: ShardGroup, shard: int, *, after: int, limit: int
) -> dict[int, list[str]]:
    """Ready photos of a shard in the order of ids, with all their rendition keys.

    No replica answers for the primary.
    """
    reader = group.reader(shard, stand_in=False)
    rows = await reader.rows(_SQL["page_of_ready"], after=after, limit=limit)
    return {row["id"]: [said["key"] for said in row["renditions"]] for row in rows}


def _first_id_of_the_day() -> int:
    since = datetime.now(UTC) - timedelta(days=1)
    return first_id_at(int(since.timestamp() * 1000))


def _photo(row: Record) -> StoredPhoto:
    return StoredPhoto(**row)

"""Photos in the database, each in its owner's shard."""

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
from shared.contracts.photos import QuotaUse, Rendition
from shared.errors import NotFound
from shared.ids import first_id_at
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# An unconfirmed claim keeps a photo from other posts for this long. Confirmations come from
# feed's outbox, within a second in peace and after minutes when something is down.
CLAIM_SECONDS = 600.0

# A photo that was ever claimed may be in a post whose confirmation is held up: it is not swept for
# a week, within which somebody has seen to feed's outbox.
CLAIM_KEPT_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """What is known when the bytes have been received.

    One that `may_be_twin` is not made if its owner has sent the same bytes before.
    """

    owner_id: int
    kind: PictureKind
    sha256: bytes
    received_bytes: int
    quarantine_key: str
    may_be_twin: bool = False


async def find_twin(tx: Transaction, new: NewPhoto) -> StoredPhoto | None:
    """The photo of the same bytes that its owner sent in the last day and that no post has yet.

    Until the transaction ends nobody else adds one for this owner.
    """
    await tx.execute(_SQL["lock_owner"], owner_id=new.owner_id)
    row = await tx.row(
        _SQL["find_twin"], owner_id=new.owner_id, sha256=new.sha256, since=_first_id_of_the_day()
    )
    return None if row is None else _photo(row)


async def insert_photo(tx: Transaction, new: NewPhoto, quota: Quota = QUOTA) -> StoredPhoto:
    """Write a photo that waits to be processed; raises AccountIsFull and DayIsFull."""
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
    """Is there room for one more photo of this owner until the transaction ends?

    Raises AccountIsFull, DayIsFull and NoRoomForPhotos. Exact however many ask at once: they wait
    for each other.
    """
    await tx.execute(_SQL["lock_owner"], owner_id=owner_id)
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
    """How much of the quota an owner has used."""
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
    """A photo as it now is, or None if it never was or has been released."""
    row = await group.reader(group.shard_of(photo_id)).row(_SQL["find_photo"], photo_id=photo_id)
    return None if row is None else _photo(row)


async def get_own_photo(group: ShardGroup, photo_id: int, owner_id: int) -> StoredPhoto:
    """A photo as its owner may see it; raises NotFound for everybody else."""
    photo = await find_photo(group, photo_id)
    if photo is None or photo.owner_id != owner_id:
        raise NotFound
    return photo


async def page_of_owner(
    group: ShardGroup, owner_id: int, *, after: int, limit: int
) -> list[StoredPhoto]:
    """One's photos in any state, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["page_of_owner"], owner_id=owner_id, after=after, limit=limit
    )
    return [_photo(row) for row in rows]


async def find_released_photo(group: ShardGroup, photo_id: int) -> StoredPhoto | None:
    """A photo whose renditions are to be deleted; None once that is done."""
    row = await group.reader(group.shard_of(photo_id)).row(
        _SQL["find_released_photo"], photo_id=photo_id
    )
    return None if row is None else _photo(row)


async def count_processing(group: ShardGroup, owner_id: int, photo_ids: Sequence[int]) -> int:
    """How many of one's photos are still being processed."""
    count: int = await group.reader(group.shard_of(owner_id)).value(
        _SQL["count_processing"], owner_id=owner_id, photo_ids=list(photo_ids)
    )
    return count


async def lock_own_photos(
    tx: Transaction, owner_id: int, photo_ids: Collection[int]
) -> dict[int, StoredPhoto]:
    """One's photos by id, locked until the transaction ends; `is_taken` heeds present claims."""
    rows = await tx.rows(
        _SQL["lock_own_photos"],
        owner_id=owner_id,
        photo_ids=list(photo_ids),
        claim_seconds=CLAIM_SECONDS,
    )
    return {row["id"]: _photo(row) for row in rows}


async def claim_photos(tx: Transaction, photo_ids: Collection[int], claimant: str) -> None:
    """Let a post have them for CLAIM_SECONDS, or go on having them."""
    await tx.execute(_SQL["claim_photos"], photo_ids=list(photo_ids), claimant=claimant)


async def confirm_photos(
    tx: Transaction,
    owner_id: int,
    photo_ids: Collection[int],
    claimant: str,
    post_id: int | None,
) -> list[int]:
    """Let the post that exists have them for good; a second time changes nothing.

    Returns those that were ever given a look: renditions without it are no longer needed.
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
    """Take photos away from everybody; which of them were not taken away before.

    With a post only those that no other post has.
    """
    rows = await tx.rows(
        _SQL["release_photos"], owner_id=owner_id, photo_ids=list(photo_ids), post_id=post_id
    )
    return [row["id"] for row in rows]


async def release_unattached(tx: Transaction, photo_ids: Collection[int]) -> list[int]:
    """Take away those that still no post has; which they were."""
    rows = await tx.rows(
        _SQL["release_unattached"], photo_ids=list(photo_ids), claim_kept_s=CLAIM_KEPT_SECONDS
    )
    return [row["id"] for row in rows]


async def write_alt_text(tx: Transaction, photo_id: int, alt_text: str) -> None:
    """Say of a locked photo what it shows."""
    await tx.execute(_SQL["write_alt_text"], photo_id=photo_id, alt_text=alt_text)


async def describe_published(
    tx: Transaction, owner_id: int, post_id: int, alt_texts: Mapping[int, str]
) -> None:
    """Say of the photos of a post what its author says that they show, by the id of each."""
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
    """Processed: its renditions are durable; passed over if it was given another look meanwhile."""
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
    """Give a locked photo another look, which is still to be drawn."""
    await tx.execute(_SQL["write_edit"], photo_id=photo_id, filter=edit.filter_name, crop=edit.crop)


async def undo_edit(tx: Transaction, photo_id: int) -> None:
    """Make a locked photo what it was without a look, at once."""
    await tx.execute(_SQL["undo_edit"], photo_id=photo_id)


async def lock_photo(tx: Transaction, photo_id: int) -> StoredPhoto | None:
    """A photo that nobody changes until the transaction ends; None once it is released."""
    row = await tx.row(_SQL["lock_photo"], photo_id=photo_id)
    return None if row is None else _photo(row)


async def mark_failed(tx: Transaction, photo_id: int, failure: str) -> None:
    """It cannot be processed; `failure` is a sentence for its owner."""
    await tx.execute(_SQL["mark_failed"], photo_id=photo_id, failure=failure)


async def spend_decoding(
    group: ShardGroup, photo_id: int, *, wanted_seconds: int, most_seconds: int
) -> int | None:
    """Charge a photo for a try to decode it that is about to begin; the seconds that it may use.

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
    """Give back what a try that came to no end has not used."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["refund_decoding"], photo_id=photo_id, unspent_ms=unspent_ms)


async def forget_original(group: ShardGroup, photo_id: int) -> None:
    """The original is gone from the store."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["forget_original"], photo_id=photo_id)


async def delete_photo(group: ShardGroup, photo_id: int) -> None:
    """Remove the row of a released photo whose objects are gone."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_SQL["delete_photo"], photo_id=photo_id)


async def unattached_photos(
    group: ShardGroup, shard: int, *, before: int, after: int, limit: int
) -> list[int]:
    """Photos made before the id `before` that no post has, nor was about to get in a week."""
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
    """Ready photos of a shard in the order of their ids, with the keys of their renditions.

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

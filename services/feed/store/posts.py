"""The rows of posts, which are the truth about them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from asyncpg import Record

from services.feed.domain.drafts import Draft
from services.feed.domain.linked_text import LinkedText
from shared.contracts.photos import PhotoSnapshot
from shared.contracts.posts import PostBody
from shared.ids import created_at
from shared.sharding.reader import Reader
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries
from shared.wire_time import wire_time

_SQL = load_queries(Path(__file__).with_suffix(".sql"))
# Fields of the contract are columns of the same name, except the time, which the id tells.
_BODY_FIELDS = tuple(PostBody.__annotations__)

# Another author's list may lag this much; the viewer's own never does.
OTHERS_LAG_MS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Authorship:
    """A post's author, and whether it was withdrawn or hidden."""

    author_id: int
    is_gone: bool


async def bodies_by_ids(group: ShardGroup, ids: Sequence[int]) -> dict[int, PostBody | None]:
    """Map each id to its post's body; None stands for a withdrawn or hidden post.

    Unknown ids are absent. It costs one statement per primary and never asks a replica, since the
    result is cached.
    """
    shards = {group.shard_of(post_id) for post_id in ids}
    rows = await group.rows_across(_SQL["posts_by_ids"], shards, ids=list(ids))
    return {row["id"]: None if row["is_gone"] else _body(row) for row in rows}


async def page_of_author(
    group: ShardGroup,
    author_id: int,
    *,
    before: int,
    limit: int,
    viewer_id: int,
    without: Sequence[int] = (),
) -> list[PostBody]:
    """An author's posts older than `before`, newest first, except those in `without`."""
    rows = await _reader(group, author_id, viewer_id).rows(
        _SQL["page_of_author"],
        author_id=author_id,
        before=before,
        limit=limit,
        with_hidden=False,
        without=list(without),
    )
    return [_body(row) for row in rows]


async def page_of_author_above(
    group: ShardGroup, author_id: int, *, above: int, limit: int, viewer_id: int
) -> list[PostBody]:
    """An author's posts directly above an id, in ascending order."""
    rows = await _reader(group, author_id, viewer_id).rows(
        _SQL["page_of_author_above"], author_id=author_id, above=above, limit=limit
    )
    return [_body(row) for row in rows]


async def own_page_of_author(
    group: ShardGroup, author_id: int, *, before: int, limit: int
) -> list[PostBody]:
    """An author's posts older than `before`, newest first, with hidden ones and without lag."""
    rows = await _reader(group, author_id, author_id).rows(
        _SQL["page_of_author"],
        author_id=author_id,
        before=before,
        limit=limit,
        with_hidden=True,
        without=[],
    )
    return [_body(row) for row in rows]


async def pinned_by_author(
    group: ShardGroup, author_id: int, *, limit: int, viewer_id: int
) -> list[PostBody]:
    """An author's pinned posts, the latest pinned first."""
    rows = await _reader(group, author_id, viewer_id).rows(
        _SQL["pinned_posts"], author_id=author_id, limit=limit
    )
    return [_body(row) for row in rows]


def _reader(group: ShardGroup, author_id: int, viewer_id: int) -> Reader:
    lag_ms_max = 0 if viewer_id == author_id else OTHERS_LAG_MS_MAX
    return group.reader(group.shard_of(author_id), lag_ms_max=lag_ms_max)


async def former_captions(
    group: ShardGroup, author_id: int, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """Former captions of an author's next `limit` edited posts."""
    reader = group.reader(group.shard_of(author_id))
    rows = await reader.rows(_SQL["former_captions"], author_id=author_id, after=after, limit=limit)
    return [{**row, "replaced_at": wire_time(row["replaced_at"])} for row in rows]


async def find_authorship(group: ShardGroup, post_id: int) -> Authorship | None:
    """The post's author; None if the id is unknown."""
    reader = group.reader(group.shard_of(post_id))
    row = await reader.row(_SQL["author_of_post"], post_id=post_id)
    return None if row is None else Authorship(row["author_id"], row["is_gone"])


async def post_counts_by_authors(group: ShardGroup, author_ids: Sequence[int]) -> dict[int, int]:
    """The number of posts of each author asked for."""
    shards = {group.shard_of(author_id) for author_id in author_ids}
    rows = await group.rows_across(_SQL["post_counts"], shards, ids=list(author_ids))
    return dict.fromkeys(author_ids, 0) | {row["author_id"]: row["post_count"] for row in rows}


async def insert_post(
    tx: Transaction,
    author_id: int,
    draft: Draft,
    linked: LinkedText,
    photos: Sequence[PhotoSnapshot],
) -> PostBody:
    """Write a post in its author's shard; `linked` belongs to its caption."""
    row = await tx.row(
        _SQL["insert_post"],
        author_id=author_id,
        photos=list(photos),
        caption=draft.caption,
        place=draft.place,
        **asdict(linked),
    )
    await tx.execute(_SQL["count_post"], author_id=author_id, change=1)
    return _body(cast(Record, row))


@dataclass(frozen=True, slots=True)
class Standing:
    """A post that stays locked until the transaction ends."""

    version: int
    mentions: list[str]
    photo_ids: list[int]


async def lock_post(tx: Transaction, post_id: int) -> Standing | None:
    """Lock the post before a change; None if it is withdrawn or unknown."""
    row = await tx.row(_SQL["lock_post_to_edit"], post_id=post_id)
    if row is None:
        return None
    return Standing(row["version"], row["mentions"], [photo["id"] for photo in row["photos"]])


async def edit_alt_texts(tx: Transaction, post_id: int, alt_texts: Mapping[int, str]) -> bool:
    """Set alternative texts of a locked post; False if nothing changed."""
    by_text = {str(photo_id): text for photo_id, text in alt_texts.items()}
    return bool(await tx.execute(_SQL["edit_alt_texts"], post_id=post_id, alt_texts=by_text))


async def edit_caption(
    tx: Transaction, author_id: int, post_id: int, caption: str, linked: LinkedText
) -> list[str] | None:
    """Replace the caption of an author's post and return its former hashtags.

    None if the post is gone or has this caption already.
    """
    former: list[str] | None = await tx.value(
        _SQL["edit_caption"],
        post_id=post_id,
        author_id=author_id,
        caption=caption,
        **asdict(linked),
    )
    return former


@dataclass(frozen=True, slots=True)
class Pin:
    """When a post was pinned; None if it is not."""

    pinned_at: datetime | None


async def lock_author(tx: Transaction, author_id: int) -> None:
    """Make other pins of an author who has published wait until the transaction ends."""
    await tx.execute(_SQL["lock_author"], author_id=author_id)


async def set_pin(tx: Transaction, author_id: int, post_id: int, *, is_pinned: bool) -> Pin | None:
    """Pin or unpin an author's post; None if it is withdrawn, hidden or unknown."""
    row = await tx.row(_SQL["set_pin"], author_id=author_id, post_id=post_id, is_pinned=is_pinned)
    return None if row is None else Pin(row["pinned_at"])


async def pinned_count(tx: Transaction, author_id: int) -> int:
    """The number of an author's pinned posts, without withdrawn and hidden ones."""
    return int(await tx.value(_SQL["pinned_count"], author_id=author_id))


@dataclass(frozen=True, slots=True)
class ErasedPost:
    """What a withdrawn post had."""

    photo_ids: list[int]
    hashtags: list[str]


async def erase_post(tx: Transaction, author_id: int, post_id: int) -> ErasedPost | None:
    """Empty an author's post and return what it had; None if it is gone."""
    row = await tx.row(_SQL["withdraw_post"], post_id=post_id, author_id=author_id)
    if row is None:
        return None
    await tx.execute(_SQL["count_post"], author_id=author_id, change=-1)
    await tx.execute(_SQL["forget_edits"], post_id=post_id)
    return ErasedPost([photo["id"] for photo in row["photos"]], row["hashtags"])


def _body(row: Record) -> PostBody:
    values = {**row, "created_at": created_at(row["id"])}
    return cast(PostBody, {name: _as_it_travels(values[name]) for name in _BODY_FIELDS})


def _as_it_travels(value: object) -> object:
    return wire_time(value) if isinstance(value, datetime) else value

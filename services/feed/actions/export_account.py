"""Exports what feed holds of an account to its owner, one page at a time."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.feed.domain.activity import Deed
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.store.activities import newest_activities
from services.feed.store.comments import Comments
from services.feed.store.posts import former_captions, own_page_of_author
from shared.contracts.accounts import ExportPage
from shared.contracts.posts import PostBody
from shared.cursors import CursorShape, Number
from shared.edges.edges import Edges
from shared.ids import created_at
from shared.sharding.account_tables import AccountTable, page_of_table
from shared.sharding.shard_group import ShardGroup
from shared.wire_time import wire_time

PAGE_MAX = 200

# A page of one document. It takes the user id and the last page's end (0 at the start). It gives
# the items and this page's end (None on the last page).
Section = Callable[[int, int], Awaitable[tuple[list[dict[str, Any]], int | None]]]


async def export_account(
    sections: Mapping[str, Section], user_id: int, cursor: str | None
) -> ExportPage:
    """One page of the documents, in their order; raises Invalid for a malformed cursor."""
    names = list(sections)
    # The document's index, and where its last page ended.
    shape = CursorShape(Number(most=len(names) - 1), Number())
    place, after = (0, 0) if cursor is None else shape.decode(cursor)
    document = names[place]
    items, end = await sections[document](user_id, after)
    following = (place, end) if end is not None else (place + 1, 0)
    is_last = following[0] == len(names)
    return {
        "document": document,
        "items": items,
        "next_cursor": None if is_last else shape.encode(*following),
    }


def posts_section(group: ShardGroup) -> Section:
    """Posts with captions, places and photo ids, newest first."""

    async def page(user_id: int, after: int) -> tuple[list[dict[str, Any]], int | None]:
        bodies = await own_page_of_author(
            group,
            user_id,
            before=after or ABOVE_ALL,
            limit=PAGE_MAX,
        )
        items = [_without_photos(body) for body in bodies]
        return items, bodies[-1]["id"] if len(bodies) == PAGE_MAX else None

    return page


def _without_photos(body: PostBody) -> dict[str, Any]:
    """Replace photos by their ids: the archive describes each photo in a document of its own."""
    said = {name: value for name, value in body.items() if name != "photos"}
    return {**said, "photo_ids": [photo["id"] for photo in body["photos"]]}


def edges_section(edges: Edges, name: str) -> Section:
    """The targets of the account's edges, such as liked posts, in ascending order of ids."""

    async def page(user_id: int, after: int) -> tuple[list[dict[str, Any]], int | None]:
        ids = await edges.target_ids(user_id, after=after, limit=PAGE_MAX)
        return [{name: id_} for id_ in ids], ids[-1] if len(ids) == PAGE_MAX else None

    return page


def comments_section(comments: Comments) -> Section:
    """The account's comments, ordered by id within a page only."""

    async def page(user_id: int, after: int) -> tuple[list[dict[str, Any]], int | None]:
        written = await comments.of_writer(user_id, after=after, limit=PAGE_MAX)
        return written, written[-1]["id"] if len(written) == PAGE_MAX else None

    return page


def captions_section(group: ShardGroup) -> Section:
    """Former captions, post by post."""

    async def page(user_id: int, after: int) -> tuple[list[dict[str, Any]], int | None]:
        edits = await former_captions(group, user_id, after=after, limit=PAGE_MAX)
        return edits, edits[-1]["post_id"] if edits else None

    return page


def table_section(group: ShardGroup, table: AccountTable) -> Section:
    """The account's rows of a registered table, in ascending order of its key."""

    async def page(user_id: int, after: int) -> tuple[list[dict[str, Any]], int | None]:
        return await page_of_table(group, table, user_id, after=after, limit=PAGE_MAX)

    return page


def activity_section(group: ShardGroup) -> Section:
    """The account's deeds; the list is bounded and fits one page."""

    async def page(user_id: int, _after: int) -> tuple[list[dict[str, Any]], int | None]:
        return [_told(deed) for deed in await newest_activities(group, user_id)], None

    return page


def _told(deed: Deed) -> dict[str, Any]:
    return {
        "kind": deed.kind,
        "subject_id": deed.subject_id,
        "actor_id": deed.actor_id,
        "post_id": deed.post_id,
        "created_at": wire_time(created_at(deed.version)),
    }

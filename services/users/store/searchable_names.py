"""Finds people by the beginning of their names, which are written with the profile."""

from dataclasses import dataclass
from pathlib import Path

from services.users.domain.searchable_names import SEARCHABLE_CHARACTERS_MAX, end_of_prefix
from shared.cursors import CursorShape, Number, Text
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# The page's last name, and its owner.
_CURSOR = CursorShape(Text(f".{{0,{SEARCHABLE_CHARACTERS_MAX}}}"), Number())


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Ids in the order of the names; `next_cursor` is None on the last page."""

    ids: list[int]
    next_cursor: str | None


async def page_by_prefix(
    group: ShardGroup, prefix: str, *, limit: int, cursor: str | None
) -> FoundPage:
    """One page; raises Invalid for a malformed cursor.

    Any shard may hold a match, so it asks all, with one statement per primary.
    """
    after_name, after_id = ("", 0) if cursor is None else _CURSOR.decode(cursor)
    rows = await group.rows_across(
        _SQL["people_by_prefix"],
        group.shards(),
        first_by="name, user_id",
        prefix=prefix,
        prefix_end=end_of_prefix(prefix),
        after_name=after_name,
        after_id=after_id,
        limit=limit + 1,
    )
    found = sorted((row["name"], row["user_id"]) for row in rows)
    more = len(found) > limit
    page = found[:limit]
    return FoundPage(
        [user_id for _name, user_id in page], _CURSOR.encode(*page[-1]) if more else None
    )

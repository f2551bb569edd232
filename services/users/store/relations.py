"""A viewer's relations to other people: all edges, both ways, in one statement."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from services.users.domain.visibility import STRANGERS, Relation
from shared.cursors import ID_MAX, CursorShape, Number
from shared.edges.edges import EdgePage
from shared.sharding.reader import Reader
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# The version of the page's last request, and its requester.
_CURSOR = CursorShape(Number(), Number())

# Kind of edge, its state, and whether it starts at the viewer → what it means.
_MEANINGS = {
    ("follow", "active", True): "following",
    ("follow", "requested", True): "requested",
    ("follow", "active", False): "followed_by",
    ("block", "active", True): "blocking",
    ("block", "active", False): "blocked_by",
    ("mute", "active", True): "muting",
}


async def relations_of(
    group: ShardGroup, viewer_id: int | None, other_ids: Iterable[int]
) -> dict[int, Relation]:
    """The viewer's relation to each of the others; without a viewer, all are strangers."""
    others = list(other_ids)
    if viewer_id is None or not others:
        return dict.fromkeys(others, STRANGERS)
    return await _relations(group.reader(group.shard_of(viewer_id)), viewer_id, others)


async def lock_pair(tx: Transaction, one_id: int, other_id: int) -> None:
    """Lock the pair against concurrent changes of their relation in this shard.

    A follow can then never slip in beside a block.
    """
    pair = f"{min(one_id, other_id)}:{max(one_id, other_id)}"
    await tx.execute(_SQL["lock_pair"], pair=pair)


async def relation_within(tx: Transaction, viewer_id: int, other_id: int) -> Relation:
    """The relation as seen by a transaction in the viewer's shard."""
    return (await _relations(tx, viewer_id, [other_id]))[other_id]


async def page_of_requesters(
    group: ShardGroup, user_id: int, *, limit: int, cursor: str | None
) -> EdgePage:
    """People who ask to follow, the newest request first; raises Invalid for a malformed cursor."""
    version, requester_id = (ID_MAX, ID_MAX) if cursor is None else _CURSOR.decode(cursor)
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL["page_of_requesters"],
        user_id=user_id,
        version=version,
        requester_id=requester_id,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return EdgePage(
        [row["src"] for row in rows[:limit]],
        None if last is None else _CURSOR.encode(last["version"], last["src"]),
        [row["version"] for row in rows[:limit]],
    )


async def _relations(reader: Reader, viewer_id: int, others: list[int]) -> dict[int, Relation]:
    rows = await reader.rows(_SQL["relations"], viewer_id=viewer_id, other_ids=others)
    said: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in rows:
        meaning = _MEANINGS.get((row["kind"], row["state"], row["is_own"]))
        if meaning is not None:
            said[row["other_id"]][meaning] = True
    return {other: Relation(**said[other]) if other in said else STRANGERS for other in others}

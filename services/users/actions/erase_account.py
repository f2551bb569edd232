"""Erases a deleted account from every service: a job that resumes after an interruption."""

import asyncio
from collections.abc import Mapping

from services.users.actions.tell_feed import graph_event
from services.users.clients.erasing import ErasingClient
from services.users.domain.edge_kinds import FOLLOW
from services.users.domain.session_tokens import SessionTokens
from services.users.store.deletions import (
    Direction,
    find_progress,
    forget_requests,
    give_names_back,
    note_finished,
    other_ends,
)
from shared.edges.edges import Edges
from shared.errors import Unavailable
from shared.sharding.outbox import outbox_names
from shared.sharding.shard_group import ShardGroup

ERASE_JOB = "erase_account"

_EDGES_PAGE_MAX = 500
_EDGES_AT_ONCE = 8

# At most this many pages per service and run; the next run continues.
_PAGES_MAX = 200

# A service that has erased everything may wait a second for its own events.
_PAUSE_S = 0.05


async def erase_account(
    group: ShardGroup,
    graph: Mapping[str, Edges],
    tokens: SessionTokens,
    feed: ErasingClient,
    upload: ErasingClient,
    user_id: int,
) -> None:
    """Erase everything; repeatable. Raises Unavailable while some part is away, to be run again.

    `graph` holds the edges by kind. Upload comes after feed, whose posts hold its photos.
    """
    progress = await find_progress(group, user_id)
    if progress is None:
        return
    if progress.finished_at["users"] is None:
        await give_names_back(group, tokens, user_id)
        await forget_requests(group, user_id)
        for kind, edges in graph.items():
            await _remove_edges(group, kind, edges, user_id)
        if await outbox_names(group, user_id):
            # Delivered later, an event would write into feed what feed has erased.
            raise Unavailable("Some events about the account are not delivered yet.")
        await note_finished(group, user_id, "users")
    if progress.finished_at["feed"] is None:
        await _erase_from(feed, user_id)
        await note_finished(group, user_id, "feed")
    if progress.finished_at["upload"] is None:
        await _erase_from(upload, user_id)
        await note_finished(group, user_id, "upload")


async def _erase_from(service: ErasingClient, user_id: int) -> None:
    for _page in range(_PAGES_MAX):
        if await service.erase(user_id):
            return
        await asyncio.sleep(_PAUSE_S)
    raise Unavailable("The account is large, or some events about it are not delivered yet.")


async def _remove_edges(group: ShardGroup, kind: str, edges: Edges, user_id: int) -> None:
    for direction in _DIRECTIONS:
        after = 0
        while page := await other_ends(
            group, kind, user_id, direction, after=after, limit=_EDGES_PAGE_MAX
        ):
            gate = asyncio.Semaphore(_EDGES_AT_ONCE)
            await asyncio.gather(
                *(
                    _remove(group, edges, gate, *_ends(direction, user_id, other), kind=kind)
                    for other in page
                )
            )
            after = page[-1]
        if await other_ends(group, kind, user_id, direction, after=0, limit=1):
            # Edges removed in other shards are mirrored here a moment later.
            raise Unavailable("Some removed edges are not mirrored yet.")


_DIRECTIONS: tuple[Direction, Direction] = ("out", "in")


def _ends(direction: Direction, user_id: int, other: int) -> tuple[int, int]:
    return (user_id, other) if direction == "out" else (other, user_id)


async def _remove(
    group: ShardGroup, edges: Edges, gate: asyncio.Semaphore, src: int, dst: int, *, kind: str
) -> None:
    async with gate, group.writer(group.shard_of(src)) as tx:
        edge = await edges.remove(src, dst, tx=tx)
        if kind == FOLLOW and edge.changed:
            # Feed then drops the posts from the followers' timelines.
            await tx.publish(*graph_event("unfollow", src, dst, edge.version))

"""Takes a deleted account out of every service: a job that goes on where it was cut short."""

import asyncio
from collections.abc import Mapping

from services.users.actions.tell_feed import graph_event
from services.users.clients.erasing import ErasingClient
from services.users.domain.edge_kinds import FOLLOW
from services.users.store.deletions import (
    Direction,
    find_progress,
    give_names_back,
    note_finished,
    other_ends,
)
from shared.edges.edges import Edges
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup

ERASE_JOB = "erase_account"

_EDGES_PAGE_MAX = 500
_EDGES_AT_ONCE = 8

# What one run of the job asks of a service; an account with more goes on in the next run.
_PAGES_MAX = 200


async def erase_account(
    group: ShardGroup,
    graph: Mapping[str, Edges],
    feed: ErasingClient,
    upload: ErasingClient,
    user_id: int,
) -> None:
    """May be repeated; raises Unavailable while some part is away: then it runs again.

    `graph` has the edges by their kind. Upload comes after feed, whose posts hold its photos.
    """
    progress = await find_progress(group, user_id)
    if progress is None:
        return
    if progress.finished_at["users"] is None:
        await give_names_back(group, user_id)
        for kind, edges in graph.items():
            await _remove_edges(group, kind, edges, user_id)
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
    raise Unavailable("There is more of the account than one run takes away.")


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
            # The other side of an edge is mirrored here a moment after it was removed there.
            raise Unavailable("Some edges are still on their way.")


_DIRECTIONS: tuple[Direction, Direction] = ("out", "in")


def _ends(direction: Direction, user_id: int, other: int) -> tuple[int, int]:
    return (user_id, other) if direction == "out" else (other, user_id)


async def _remove(
    group: ShardGroup, edges: Edges, gate: asyncio.Semaphore, src: int, dst: int, *, kind: str
) -> None:
    async with gate, group.writer(group.shard_of(src)) as tx:
        edge = await edges.remove(src, dst, tx=tx)
        if kind == FOLLOW and edge.changed:
            # The posts leave the timelines of those who follow.
            await tx.publish(*graph_event("unfollow", src, dst, edge.version))

"""Viewers' latest likes and saves in Redis, so that a page needs no statement for them."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Self

import orjson
from redis import asyncio as aioredis

from services.feed.domain.edge_kinds import LIKE, SAVE
from services.feed.store.hot_reads import HotReads
from services.feed.store.leased_keys import LeasedKeys
from shared.caching.redis_guard import RedisGuard

# A process that changes a reaction drops the copy; the relay drops it again with the edge's event.
OWN_REACTIONS_SECONDS_MAX = 600
# Of each kind; reactions to older posts come from Postgres.
OWN_REACTIONS_MAX = 200

_COPY_BEGINS = b"{"


class OwnReactions(NamedTuple):
    """All reactions of one viewer to posts from `floor` on."""

    floor: int
    liked: frozenset[int]
    saved: frozenset[int]

    @classmethod
    def from_newest(cls, marked: Mapping[str, Collection[int]]) -> Self:
        """Build from the newest reactions by kind, at most OWN_REACTIONS_MAX of each."""
        # A full list may go on: below its oldest id nothing is known.
        floors = [min(ids) for ids in marked.values() if len(ids) >= OWN_REACTIONS_MAX]
        return cls(max(floors, default=0), frozenset(marked[LIKE]), frozenset(marked[SAVE]))

    def cover(self, post_ids: Iterable[int]) -> bool:
        """Whether the copy is complete for all these posts."""
        return min(post_ids) >= self.floor


def own_reactions_key(viewer_id: int) -> str:
    """STRING: the reactions as JSON, or `lease:<token>` while a process loads them.

    Bound: one for each viewer of the last ten minutes, at most 8 KB; a lease lives three seconds.
    """
    return f"marks:{viewer_id}"


class OwnReactionsCache:
    """Cached reactions of viewers; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, guard: RedisGuard) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._leased = LeasedKeys(redis, guard, own_reactions_key, OWN_REACTIONS_SECONDS_MAX)

    async def get(self, viewer_id: int) -> OwnReactions | None:
        """The cached reactions; None if there are none."""
        (value,) = await self._reads.values([own_reactions_key(viewer_id)])
        return parse_own_reactions(value)

    async def lease(self, viewer_id: int) -> str | None:
        """A token if the caller is to load them, else None."""
        token, leased = await self._leased.lease([viewer_id])
        return token if leased else None

    async def fill(self, token: str, viewer_id: int, reactions: OwnReactions) -> None:
        """Store the reactions unless a change took the lease away."""
        value = {"floor": reactions.floor, "liked": [*reactions.liked], "saved": [*reactions.saved]}
        await self._leased.fill(token, {viewer_id: orjson.dumps(value)})

    async def forget(self, viewer_ids: Collection[int]) -> None:
        """Drop the copies of these viewers after a committed change."""
        if viewer_ids:
            with self._guard.calls():
                await self._redis.unlink(*map(own_reactions_key, viewer_ids))


def parse_own_reactions(value: bytes | None) -> OwnReactions | None:
    """Parse the key's value; None if it is absent or leased."""
    if value is None or not value.startswith(_COPY_BEGINS):
        return None
    said = orjson.loads(value)
    return OwnReactions(said["floor"], frozenset(said["liked"]), frozenset(said["saved"]))

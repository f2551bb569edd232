"""What viewers have liked and saved lately, in Redis, so that a page needs no statement for it."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Self

import orjson
from redis import asyncio as aioredis

from services.feed.domain.edge_kinds import LIKE, SAVE
from services.feed.store.hot_reads import HotReads
from services.feed.store.leased_keys import LeasedKeys
from shared.caching.redis_guard import RedisGuard

# Whoever changes a mark forgets the copy, or else the relay does, with the edge's event.
OWN_REACTIONS_SECONDS_MAX = 600
# Of each kind, on the newest posts: pages further down ask Postgres.
OWN_REACTIONS_MAX = 200

_COPY_BEGINS = b"{"


class OwnReactions(NamedTuple):
    """All marks of one viewer on posts from `floor` on."""

    floor: int
    liked: frozenset[int]
    saved: frozenset[int]

    @classmethod
    def from_newest(cls, marked: Mapping[str, Collection[int]]) -> Self:
        """From the newest marks by kind, at most OWN_REACTIONS_MAX of each."""
        # Where there may be more than were asked for, nothing is known below the oldest of them.
        floors = [min(ids) for ids in marked.values() if len(ids) >= OWN_REACTIONS_MAX]
        return cls(max(floors, default=0), frozenset(marked[LIKE]), frozenset(marked[SAVE]))

    def cover(self, post_ids: Iterable[int]) -> bool:
        """Whether it tells of all these posts if they are marked."""
        return min(post_ids) >= self.floor


def own_reactions_key(viewer_id: int) -> str:
    """STRING: the marks as JSON, or `lease:<token>` of who is loading them.

    Bound: one for each viewer of ten minutes, 8 KB of it at most; a lease lives three seconds.
    """
    return f"marks:{viewer_id}"


class OwnReactionsCache:
    """Copies of viewers' newest marks; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, guard: RedisGuard) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._leased = LeasedKeys(redis, guard, own_reactions_key, OWN_REACTIONS_SECONDS_MAX)

    async def get(self, viewer_id: int) -> OwnReactions | None:
        """What is known; None if nothing is."""
        (value,) = await self._reads.values([own_reactions_key(viewer_id)])
        return parse_own_reactions(value)

    async def lease(self, viewer_id: int) -> str | None:
        """A token if the caller shall load them."""
        token, leased = await self._leased.lease([viewer_id])
        return token if leased else None

    async def fill(self, token: str, viewer_id: int, reactions: OwnReactions) -> None:
        """Store what was loaded, unless it was changed since it was leased."""
        value = {"floor": reactions.floor, "liked": [*reactions.liked], "saved": [*reactions.saved]}
        await self._leased.fill(token, {viewer_id: orjson.dumps(value)})

    async def forget(self, viewer_ids: Collection[int]) -> None:
        """These have changed something, and that is committed."""
        if viewer_ids:
            with self._guard.calls():
                await self._redis.unlink(*map(own_reactions_key, viewer_ids))


def parse_own_reactions(value: bytes | None) -> OwnReactions | None:
    """What the key holds; None if it is not there or being loaded."""
    if value is None or not value.startswith(_COPY_BEGINS):
        return None
    said = orjson.loads(value)
    return OwnReactions(said["floor"], frozenset(said["liked"]), frozenset(said["saved"]))

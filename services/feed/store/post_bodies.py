"""Post bodies: from Redis, or once per process and body from Postgres."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from services.feed.store.body_cache import BodyCache
from services.feed.store.posts import bodies_by_ids
from services.feed.store.single_flight import SingleFlight
from shared.caching.redis_guard import RedisAway
from shared.contracts.posts import PostBody
from shared.errors import Unavailable
from shared.sharding.primaries import apart_by_primary
from shared.sharding.shard_group import ShardGroup

# A process with a lease needs a few milliseconds; a dead one delays readers by at most 0.2 s.
_LEASE_POLLS_MAX = 10
_LEASE_POLL_S = 0.02

LOOKED_UP = Counter("retrato_feed_bodies_total", "Post bodies by source.", ["found_in"])

Loaded = dict[int, PostBody | None]


LoadBodies = Callable[[ShardGroup, Sequence[int]], Awaitable[dict[int, PostBody | None]]]


@dataclass(frozen=True, slots=True)
class FoundBodies:
    """Bodies of the posts that exist; `away` if a primary that was needed did not answer."""

    bodies: Mapping[int, PostBody]
    away: Unavailable | None


class PostBodies:
    """Looks up bodies; without Redis, Postgres gives the same ones more slowly."""

    def __init__(
        self, cache: BodyCache, group: ShardGroup, load: LoadBodies = bodies_by_ids
    ) -> None:
        self._cache = cache
        self._load_bodies = load
        self._group = group
        self._loads: SingleFlight[int, Loaded] = SingleFlight()

    async def find(self, post_id: int) -> PostBody | None:
        """One body; None if the post is gone. Raises Unavailable."""
        found = await self.find_many([post_id])
        if found.away is not None:
            raise found.away
        return found.bodies.get(post_id)

    async def find_many(self, ids: Sequence[int], known: Loaded | None = None) -> FoundBodies:
        """The bodies that exist; a lost primary is reported in `away` and not raised.

        `known` holds the cache's answer if the caller has just asked it.
        """
        if not ids:
            return FoundBodies({}, None)
        known = dict(known) if known is not None else await self._cached(ids)
        missing = [post_id for post_id in ids if post_id not in known]
        LOOKED_UP.labels("cache").inc(len(known))
        away = await self._load_into(known, missing) if missing else None
        return FoundBodies({id_: body for id_, body in known.items() if body is not None}, away)

    async def forget(self, post_id: int) -> None:
        """Mark a post as withdrawn in the cache; raises RedisAway."""
        await self._cache.mark_gone(post_id)

    async def renew(self, post_id: int) -> None:
        """Drop the cached body of a changed post; raises RedisAway."""
        await self._cache.drop(post_id)

    async def _cached(self, ids: Sequence[int]) -> Loaded:
        try:
            return await self._cache.get(ids)
        except RedisAway:
            return {}

    async def _load_into(self, known: Loaded, missing: Sequence[int]) -> Unavailable | None:
        runs = [run for id_ in missing if (run := self._loads.running(id_)) is not None]
        waiting = [post_id for post_id in missing if self._loads.running(post_id) is None]
        runs += [
            self._loads.start(part, self._load(part))
            for part in apart_by_primary(self._group, waiting)
        ]
        away: Unavailable | None = None
        for answer in await _outcomes(runs):
            if isinstance(answer, Unavailable):
                away = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                known |= {post_id: answer[post_id] for post_id in missing if post_id in answer}
        return away

    async def _load(self, ids: list[int]) -> Loaded:
        try:
            token, leased = await self._cache.lease(ids)
        except RedisAway:
            return await self._from_postgres(ids)
        mine = [post_id for post_id in ids if post_id in leased]
        loaded = await self._from_postgres(mine)
        try:
            await self._cache.fill(token, mine, loaded)
        except RedisAway:
            # The leases expire by themselves; other readers meanwhile load what they need.
            return loaded | await self._from_postgres([id_ for id_ in ids if id_ not in leased])
        return loaded | await self._await_others([id_ for id_ in ids if id_ not in leased])

    async def _await_others(self, ids: list[int]) -> Loaded:
        """Poll for what other processes load; after 0.2 s, load it here without storing it."""
        arrived: Loaded = {}
        for _lookup in range(_LEASE_POLLS_MAX):
            if len(arrived) == len(ids):
                return arrived
            await asyncio.sleep(_LEASE_POLL_S)
            arrived |= await self._cached([id_ for id_ in ids if id_ not in arrived])
        return arrived | await self._from_postgres([id_ for id_ in ids if id_ not in arrived])

    async def _from_postgres(self, ids: list[int]) -> Loaded:
        if not ids:
            return {}
        LOOKED_UP.labels("postgres").inc(len(ids))
        return await self._load_bodies(self._group, ids)


async def _outcomes(runs: Sequence[asyncio.Task[Loaded]]) -> list[Loaded | BaseException]:
    # `wait`, not `gather`: a cancelled caller must not cancel runs that others await.
    await asyncio.wait(set(runs))
    return [run.exception() or run.result() for run in set(runs)]

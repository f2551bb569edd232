"""Leases on absent keys: one process fills a missing copy, and never with outdated data."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from redis import asyncio as aioredis

from services.feed.store.lua_scripts import register
from shared.caching.redis_guard import RedisGuard

LEASE_BEGINS = b"lease:"
# Longer than a database read may take.
LEASE_MS_MAX = 3_000


class LeasedKeys:
    """Keys of one kind by id; every method raises RedisAway if Redis does not answer."""

    def __init__(
        self,
        redis: aioredis.Redis,
        guard: RedisGuard,
        key_of: Callable[[int], str],
        lifetime_s: int,
    ) -> None:
        self._guard = guard
        self._key_of = key_of
        self._lifetime_s = lifetime_s
        self._lease = register(redis, "lease_keys")
        self._fill = register(redis, "fill_leased")

    async def lease(self, ids: Sequence[int]) -> tuple[str, set[int]]:
        """A token, and the ids that the caller is to load."""
        token = f"{LEASE_BEGINS.decode()}{secrets.token_hex(8)}"
        with self._guard.calls():
            leased = await self._lease([self._key_of(id_) for id_ in ids], [token, LEASE_MS_MAX])
        return token, {id_ for id_, mine in zip(ids, leased, strict=True) if mine}

    async def fill(self, token: str, values: Mapping[int, bytes]) -> None:
        """Store values of ids still leased by this token; an empty value returns the lease."""
        if not values:
            return
        keys = [self._key_of(id_) for id_ in values]
        with self._guard.calls():
            await self._fill(keys, [token, self._lifetime_s, *values.values()])

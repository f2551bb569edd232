"""Searches Redis for ids, in the names of keys and in their content."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from infra.control.health import redis_operator
from infra.deletion_audit.found import Remains, names
from infra.suite import Suite

# Our collections are bounded to a few thousand members; members beyond this are not read.
_MEMBERS_MAX = 10_000
_SCAN_PAGE = 1_000
# Keys that expire within two minutes do not count.
_GOES_SOON_MS = 120_000
# The value that a withdrawn post's key has for a day, so that no late reader restores the post.
_GONE = b"gone"


async def remains_in_redis(suite: Suite, wanted_ids: Sequence[int]) -> list[Remains]:
    """Search every Redis with persistence; a key counts once per id.

    A Redis without persistence only has rate limits, which expire within minutes.
    """
    found: list[Remains] = []
    for server in suite.plan.redises.values():
        if not server.keeps_log:
            continue
        async with redis_operator(suite, server) as client:
            counts = dict.fromkeys(wanted_ids, 0)
            async for text in _all_texts(client):
                for wanted_id in wanted_ids:
                    counts[wanted_id] += bool(re.search(names(wanted_id), text))
        found += [
            Remains(f"redis-{server.name}", wanted_id, keys)
            for wanted_id, keys in counts.items()
            if keys
        ]
    return found


async def _all_texts(client: Redis) -> AsyncIterator[str]:
    """Yield each key's name and content as one text."""
    async for key in client.scan_iter(count=_SCAN_PAGE):
        content = await _content(client, key)
        if content != _GONE and not 0 <= await client.pttl(key) <= _GOES_SOON_MS:
            yield f"{key.decode(errors='replace')} {content!r}"


async def _content(client: Any, key: bytes) -> Any:
    kind = (await client.type(key)).decode()
    return await _READERS[kind](client, key) if kind in _READERS else None


_READERS: dict[str, Callable[[Any, bytes], Awaitable[Any]]] = {
    "string": lambda client, key: client.get(key),
    "list": lambda client, key: client.lrange(key, 0, _MEMBERS_MAX),
    "set": lambda client, key: client.smembers(key),
    "zset": lambda client, key: client.zrange(key, 0, _MEMBERS_MAX),
    "hash": lambda client, key: client.hgetall(key),
    "stream": lambda client, key: client.xrange(key, count=_MEMBERS_MAX),
}

"""Searches Redis for ids, in the names of keys and in their content."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from infra.control.health import redis_operator
from infra.deletion_audit.found import Remains, names
from infra.suite import Suite

# Keys of a page, and members of a piece: so much of a database is in memory at once.
_PAGE = 1_000
# Keys that expire within two minutes do not count.
_GOES_SOON_MS = 120_000
_NO_KEY = -2
# The value that a withdrawn post's key has for a day, so that no late reader restores the post.
_GONE = b"gone"

Pieces = Callable[[Any, bytes], AsyncIterator[Any]]


async def remains_in_redis(suite: Suite, wanted_ids: Sequence[int]) -> list[Remains]:
    """Search every Redis with persistence; a key counts once per id.

    A Redis without persistence only has rate limits, which expire within minutes.
    """
    found: list[Remains] = []
    for server in suite.plan.redises.values():
        if not server.keeps_log:
            continue
        async with redis_operator(suite, server) as client:
            counts = await keys_with(client, wanted_ids)
        found += [
            Remains(f"redis-{server.name}", wanted_id, keys)
            for wanted_id, keys in counts.items()
            if keys
        ]
    return found


async def keys_with(client: Redis, wanted_ids: Sequence[int]) -> dict[int, int]:
    """Count the keys whose name or content has each id, reading all members of every collection."""
    patterns = {wanted_id: re.compile(names(wanted_id)) for wanted_id in wanted_ids}
    counts = dict.fromkeys(wanted_ids, 0)
    async for key in client.scan_iter(count=_PAGE):
        for wanted_id in await _ids_at(client, key, patterns):
            counts[wanted_id] += 1
    return counts


async def _ids_at(client: Any, key: bytes, patterns: Mapping[int, re.Pattern[str]]) -> set[int]:
    left_ms = await client.pttl(key)
    if left_ms == _NO_KEY or 0 <= left_ms <= _GOES_SOON_MS:
        return set()
    found = _ids_in(key.decode(errors="replace"), patterns)
    kind = (await client.type(key)).decode()
    if kind in _PIECES:
        async for piece in _PIECES[kind](client, key):
            if piece == _GONE:
                return set()
            found |= _ids_in(repr(piece), patterns)
    return found


def _ids_in(text: str, patterns: Mapping[int, re.Pattern[str]]) -> set[int]:
    return {wanted_id for wanted_id, pattern in patterns.items() if pattern.search(text)}


async def _string(client: Any, key: bytes) -> AsyncIterator[Any]:
    yield await client.get(key)


async def _list(client: Any, key: bytes) -> AsyncIterator[Any]:
    start = 0
    while piece := await client.lrange(key, start, start + _PAGE - 1):
        yield piece
        start += len(piece)


async def _stream(client: Any, key: bytes) -> AsyncIterator[Any]:
    after = b"-"
    while piece := await client.xrange(key, min=after, count=_PAGE):
        yield piece
        after = b"(" + piece[-1][0]


def _scanned(command: str) -> Pieces:
    async def pieces(client: Any, key: bytes) -> AsyncIterator[Any]:
        scan, cursor = getattr(client, command), 0
        while True:
            cursor, piece = await scan(key, cursor, count=_PAGE)
            yield piece
            if not cursor:
                return

    return pieces


_PIECES: dict[str, Pieces] = {
    "string": _string,
    "list": _list,
    "stream": _stream,
    "set": _scanned("sscan"),
    "zset": _scanned("zscan"),
    "hash": _scanned("hscan"),
}

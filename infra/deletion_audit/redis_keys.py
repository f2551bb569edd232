"""Searches Redis, in the names of keys and in their content."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from infra.control.health import redis_operator
from infra.deletion_audit.found import Remains, pattern_of
from infra.deletion_audit.may_stay import TYPED_BY_OTHERS_IN_REDIS
from infra.elsewhere.sessions import redis_of_service
from infra.plan.parts import PlannedRedis
from infra.suite import Suite

# Keys of a page, and members of a piece: so much of a database is in memory at once.
_PAGE = 1_000
# Keys that expire within two minutes do not count.
_GOES_SOON_MS = 120_000
_NO_KEY = -2
# The value that a withdrawn post's key has for a day, so that no late reader restores the post.
_GONE = b"gone"

_Patterns = Mapping[str, re.Pattern[str]]
Pieces = Callable[[Any, bytes], AsyncIterator[Any]]


async def remains_in_redis(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Search every Redis; a key counts once per word."""
    found: list[Remains] = []
    for server in suite.plan.redises.values():
        async with _client(suite, server) as client:
            counts = await keys_with(client, wanted)
        found += [
            Remains(f"redis-{server.name}", word, keys) for word, keys in counts.items() if keys
        ]
    return found


def _client(suite: Suite, server: PlannedRedis) -> Redis:
    return redis_operator(suite, server) if server.is_ours else redis_of_service(suite, server)


async def keys_with(client: Redis, wanted: Sequence[str]) -> dict[str, int]:
    """Count the keys whose name or content has each word; all members of collections are read."""
    patterns = {word: pattern_of(word) for word in wanted}
    counts = dict.fromkeys(wanted, 0)
    async for key in client.scan_iter(count=_PAGE):
        for word in await _words_at(client, key, patterns):
            counts[word] += 1
    return counts


async def _words_at(client: Any, key: bytes, patterns: _Patterns) -> set[str]:
    left_ms = await client.pttl(key)
    if left_ms == _NO_KEY or 0 <= left_ms <= _GOES_SOON_MS:
        return set()
    if key.startswith(TYPED_BY_OTHERS_IN_REDIS):
        patterns = {word: pattern for word, pattern in patterns.items() if word.isdecimal()}
    found = _words_in(key.decode(errors="replace"), patterns)
    kind = (await client.type(key)).decode()
    if kind in _PIECES:
        async for piece in _PIECES[kind](client, key):
            if piece == _GONE:
                return set()
            found |= _words_in(repr(piece), patterns)
    return found


def _words_in(text: str, patterns: _Patterns) -> set[str]:
    return {word for word, pattern in patterns.items() if pattern.search(text)}


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

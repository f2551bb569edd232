"""Copies of live sessions in Redis, which may be emptied or away at any moment."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson
from prometheus_client import Counter
from redis import RedisError
from redis import asyncio as aioredis

from services.users.domain.sessions import ACCESS_LIFETIME, Session, TokenPair

# Bounds how long a copy can outlive its session if Redis was away at its end. The relayed event
# usually corrects it much sooner.
COPY_LIFETIME_MS = 5 * 60 * 1000
# Longer than a slow reader may take to write an old copy (its deadline is 2 s).
END_LIFETIME_MS = int(ACCESS_LIFETIME.total_seconds() * 1000)

CACHE_FAULTS = Counter(
    "retrato_users_session_cache_faults_total",
    "Failures of Redis, after which sessions were read from Postgres.",
)

# After a failure Redis rests for a moment: a hanging one would cost every check a timeout.
PAUSE_S = 1.0

_ENDED: Final = b"ended"

# A copy replaces neither the mark of an ended session nor a copy of a later generation: a slow
# reader's copy is older than either.
_REMEMBER = """
local kept = redis.call('GET', KEYS[1])
if kept == 'ended' then return 0 end
if kept and tonumber(string.match(kept, '^%d+')) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is known to have ended."""


class SessionCache:
    """Finds and stores sessions by id; without Redis it finds and stores nothing."""

    def __init__(self, redis: aioredis.Redis) -> None:
        self._redis = redis
        self._remember = redis.register_script(_REMEMBER)
        self._asked_again_s = 0.0

    async def find_many(self, session_ids: Collection[int]) -> dict[int, Session | Ended]:
        """The copies by id; each holds enough to check an access token."""
        if self._is_paused() or not session_ids:
            return {}
        try:
            keys = [_key(session_id) for session_id in session_ids]
            kept = cast(list[bytes | None], await self._redis.mget(keys))
        except RedisError:
            self._pause()
            return {}
        return {
            session_id: Ended() if copy == _ENDED else _decoded(session_id, copy)
            for session_id, copy in zip(session_ids, kept, strict=True)
            if copy is not None
        }

    async def remember(self, sessions: Collection[Session]) -> None:
        """Store copies of live sessions, unless newer ones are there."""
        if self._is_paused() or not sessions:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for session in sessions:
                    generation = session.current.generation
                    copy = b"%d " % generation + _encoded(session)
                    await self._remember(
                        keys=[_key(session.id)],
                        args=[copy, generation, COPY_LIFETIME_MS],
                        client=pipeline,
                    )
                await pipeline.execute()
        except RedisError:
            self._pause()

    async def mark_ended(self, session_ids: Iterable[int]) -> bool:
        """Void all copies of these sessions; False if Redis does not answer."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for session_id in session_ids:
                    pipeline.set(_key(session_id), _ENDED, px=END_LIFETIME_MS)
                await pipeline.execute()
        except RedisError:
            self._pause()
            return False
        return True

    def _is_paused(self) -> bool:
        return time.monotonic() < self._asked_again_s

    def _pause(self) -> None:
        CACHE_FAULTS.inc()
        self._asked_again_s = time.monotonic() + PAUSE_S


def _key(session_id: int) -> str:
    """STRING: "<generation> <JSON of the hashes and times>", or "ended"; lives for some minutes."""
    return f"session:{session_id}"


def _encoded(session: Session) -> bytes:
    previous = session.previous
    return orjson.dumps(
        {
            "user_id": session.user_id,
            "current": _pair_as_list(session.current),
            "previous": None if previous is None else _pair_as_list(previous),
        }
    )


def _pair_as_list(pair: TokenPair) -> list[Any]:
    return [pair.generation, pair.issued_at.timestamp(), pair.access_hash.hex()]


def _decoded(session_id: int, kept: bytes) -> Session:
    copy = orjson.loads(kept.partition(b" ")[2])
    current = _pair(copy["current"])
    previous = None if copy["previous"] is None else _pair(copy["previous"])
    return Session(session_id, copy["user_id"], "", current.issued_at, current, previous)


def _pair(listed: list[Any]) -> TokenPair:
    generation, issued_s, access_hash = listed
    issued_at = datetime.fromtimestamp(issued_s, UTC)
    # A refresh always asks Postgres, so the copy needs no refresh hash.
    return TokenPair(generation, issued_at, bytes.fromhex(access_hash), b"")

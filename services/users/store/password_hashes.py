"""Password hashing: argon2id, in a bounded pool of threads beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Gauge

from shared.refusals import overloaded

T = TypeVar("T")

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
_ARGON2ID = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Two threads keep argon2 from taking all cores, at some 20 ms a hash. A queue of 64 means under a
# second of waiting; later callers are told to retry.
THREADS = 2
WAITING_MAX = 64

WAITING = Gauge(
    "retrato_users_password_jobs", "Passwords being hashed or verified, or waiting for a thread."
)


class PasswordHashes:
    """Hashes and verifies passwords; raises Overloaded if too many wait."""

    def __init__(
        self,
        hasher: PasswordHasher = _ARGON2ID,
        *,
        threads: int = THREADS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._at_once_max = threads + waiting_max
        self._at_once = 0
        # Verified against if there is no account, so that its absence takes equally long.
        self._nobodys = hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """The hash to store, which includes salt and parameters."""
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password has this hash; without a hash, False after the same time."""
        known = self._nobodys if password_hash is None else password_hash
        matches = await self._in_thread(lambda: self._matches(known, password))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other than the current parameters."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let running jobs end and drop waiting ones."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._at_once >= self._at_once_max:
            raise overloaded("password_hashes", "queue_full")
        self._at_once += 1
        WAITING.inc()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._at_once -= 1
            WAITING.dec()

    def _matches(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

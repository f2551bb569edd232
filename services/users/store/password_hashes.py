"""How passwords are kept: argon2id, computed beside the event loop by a bounded pool."""

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

# Two threads keep two cores from being all argon2's, at some 20 ms a hash; a queue of 64 is then
# about a second of waiting, and who comes later is told to try again.
THREADS = 2
WAITING_MAX = 64

WAITING = Gauge(
    "retrato_users_password_jobs", "Passwords being hashed or verified, or waiting for it."
)


class PasswordHashes:
    """Hashes and verifies; raises Overloaded when too many wait already."""

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
        # Verified against when there is no account, so that its absence takes as long to tell.
        self._nobodys = hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """The hash to keep, with its salt and parameters in it."""
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Is it the password of that hash? Without one the answer is no, after the same time."""
        known = self._nobodys if password_hash is None else password_hash
        matches = await self._in_thread(lambda: self._matches(known, password))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Was it made with other parameters than today's?"""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let the running ones end and drop those that wait."""
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

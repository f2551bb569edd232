"""Lets concurrent callers who want the same thing share one run of the work."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Current runs by key; the number of admitted requests bounds them."""

    def __init__(self) -> None:
        self._runs: dict[K, asyncio.Task[V]] = {}

    async def share(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of the current run for this key, or of a new one.

        A cancelled caller leaves the run to the others.
        """
        run = self._runs.get(key)
        return await asyncio.shield(self.start([key], work()) if run is None else run)

    def running(self, key: K) -> asyncio.Task[V] | None:
        """The current run for this key, if any."""
        return self._runs.get(key)

    def start(self, keys: list[K], work: Coroutine[Any, Any, V]) -> asyncio.Task[V]:
        """Start one run for all these keys, none of which may have one."""
        run = asyncio.create_task(work)
        for key in keys:
            self._runs[key] = run
        run.add_done_callback(lambda done: self._forget(keys, done))
        return run

    def _forget(self, keys: list[K], done: asyncio.Task[V]) -> None:
        for key in keys:
            self._runs.pop(key, None)
        if not done.cancelled():
            # Retrieve the fault: asyncio would log it as never retrieved if all callers have gone.
            done.exception()

"""A closed loop: so many callers at once, each asking again as soon as it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Run:
    """What a loop has seen; times in milliseconds."""

    seconds: float = 0.0
    failed: int = 0
    times_ms: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Good answers."""
        return len(self.times_ms)

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.count / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """A percentile."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


async def closed_loop(
    ask: Callable[[int], Awaitable[bool]], *, at_once: int, seconds: float, count_max: int = 10**9
) -> Run:
    """Ask until the time is over or so many were asked; `ask` gets a number and says if it is well.

    What is under way at the end is waited for, and counted.
    """
    run = Run()
    begun_s = time.perf_counter()
    numbers = iter(range(count_max))

    async def work() -> None:
        for number in numbers:
            started_s = time.perf_counter()
            if started_s - begun_s > seconds:
                return
            if await ask(number):
                run.times_ms.append((time.perf_counter() - started_s) * 1000)
            else:
                run.failed += 1

    await asyncio.gather(*(work() for _ in range(at_once)))
    run.seconds = time.perf_counter() - begun_s
    return run

"""A closed loop: so many callers at once, each asking again as soon as it is answered.

It tells what the suite can do and what a request costs. Its times are those at this very load:
nobody asks while a caller waits, so that a stall is met by few. What people wait at a given rate
is told by an open loop (bench.open_loop).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Ask = Callable[[int], Awaitable[bool]]


@dataclass
class Run:
    """What a loop has seen; times in milliseconds, and when each good answer came in seconds."""

    seconds: float = 0.0
    failed: int = 0
    times_ms: list[float] = field(default_factory=list)
    answered_at_s: list[float] = field(default_factory=list)

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

    def over_time(self, step_s: float = 0.5) -> list[tuple[float, float]]:
        """Good answers a second by the time since the beginning; only steps that are whole."""
        counts = [0] * int(self.seconds / step_s)
        for at_s in self.answered_at_s:
            if at_s < len(counts) * step_s:
                counts[int(at_s / step_s)] += 1
        return [((number + 0.5) * step_s, count / step_s) for number, count in enumerate(counts)]


async def closed_loop(ask: Ask, *, at_once: int, seconds: float, count_max: int = 10**9) -> Run:
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
                answered_s = time.perf_counter()
                run.times_ms.append((answered_s - started_s) * 1000)
                run.answered_at_s.append(answered_s - begun_s)
            else:
                run.failed += 1

    await asyncio.gather(*(work() for _ in range(at_once)))
    run.seconds = time.perf_counter() - begun_s
    return run

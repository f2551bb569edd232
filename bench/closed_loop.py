"""A closed loop: a fixed number of callers, each of which asks again after its reply.

It measures the suite's throughput and the cost of a request. Its response times hold only for this
load: callers that wait send nothing, so few requests meet a stall. For response times at a given
rate, use an open loop (bench.open_loop).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Ask = Callable[[int], Awaitable[bool]]


@dataclass
class Run:
    """The result of a loop: for each good answer its time, and the second at which it came."""

    seconds: float = 0.0
    failed: int = 0
    times_ms: list[float] = field(default_factory=list)
    answered_at_s: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of good answers."""
        return len(self.times_ms)

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return self.count / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """Return a percentile of the good answers' times; `share` is from 0 to 1."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def over_time(self, step_s: float = 0.5) -> list[tuple[float, float]]:
        """Return (seconds since the beginning, good answers per second) for each whole step."""
        counts = [0] * int(self.seconds / step_s)
        for at_s in self.answered_at_s:
            if at_s < len(counts) * step_s:
                counts[int(at_s / step_s)] += 1
        return [((number + 0.5) * step_s, count / step_s) for number, count in enumerate(counts)]


async def closed_loop(ask: Ask, *, at_once: int, seconds: float, count_max: int = 10**9) -> Run:
    """Call `ask` with increasing numbers until the time or the count is over.

    `ask` returns whether the answer was good. Calls under way at the end are awaited and counted.
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

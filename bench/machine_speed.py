"""How quick the processors are from moment to moment: on a shared machine it changes by itself."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EVERY_S = 0.25
# What one sample says may be chance.
STRETCH = 4
# A millisecond or two: long against what a clock is off, short against what anybody notices.
_TURNS = 40_000


@dataclass
class MachineSpeed:
    """Turns of an empty loop in a second of processor time, several times a second."""

    samples: list[tuple[float, float]] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of all samples."""
        return statistics.median(speed for _, speed in self.samples)

    def slowest(self, first_s: float, last_s: float) -> float:
        """The median of the slowest second in a time that `time.perf_counter` tells."""
        during = [speed for at_s, speed in self.samples if first_s <= at_s <= last_s]
        starts = range(max(1, len(during) - STRETCH + 1))
        stretches = [during[start : start + STRETCH] for start in starts if during]
        return min(map(statistics.median, stretches), default=self.median)

    def take(self) -> None:
        """One more sample. Only the time that this thread had counts, not how long it waited."""
        began_s = time.thread_time()
        for _ in range(_TURNS):
            pass
        speed = _TURNS / (time.thread_time() - began_s)
        self.samples.append((time.perf_counter(), speed))


@asynccontextmanager
async def machine_speed() -> AsyncIterator[MachineSpeed]:
    """Looks at it while the block runs."""
    speed = MachineSpeed()
    speed.take()
    looking = asyncio.create_task(_look(speed))
    try:
        yield speed
    finally:
        looking.cancel()


async def _look(speed: MachineSpeed) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        speed.take()

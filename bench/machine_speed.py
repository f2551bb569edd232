"""How quick the processors are from moment to moment: on a shared machine it changes by itself."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

EVERY_S = 0.25
# What one sample says may be chance.
STRETCH = 4
# A millisecond or two: long against what a clock is off, short against what anybody notices.
_TURNS = 40_000


def processor_times() -> tuple[float, float]:
    """In ticks since the start: what all processors worked, and what the host took from them."""
    line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    user, nice, system, _idle, _iowait, irq, softirq, stolen = map(float, line.split()[1:9])
    return user + nice + system + irq + softirq, stolen


def got_share(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Of the time that this machine wanted between two looks, the share that it got."""
    worked, stolen = after[0] - before[0], after[1] - before[1]
    return worked / (worked + stolen) if worked > 0 else 1.0


@dataclass
class MachineSpeed:
    """Turns of an empty loop in a second of processor time, several times a second.

    Less what the host gave to other machines meanwhile: a processor that is not there is slow, too.
    """

    samples: list[tuple[float, float]] = field(default_factory=list)
    _times: tuple[float, float] = field(default_factory=processor_times)

    @property
    def median(self) -> float:
        """Of all samples."""
        return statistics.median(speed for _, speed in self.samples)

    def between(self, first_s: float, last_s: float) -> float:
        """The median of a time that `time.perf_counter` tells."""
        during = [speed for at_s, speed in self.samples if first_s <= at_s <= last_s]
        return statistics.median(during) if during else self.median

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
        before, self._times = self._times, processor_times()
        self.samples.append((time.perf_counter(), speed * got_share(before, self._times)))


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

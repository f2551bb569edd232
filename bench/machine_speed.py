"""Measures the speed of the processors over time, which changes by itself on a shared machine."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

EVERY_S = 0.25
# Samples per median, since a single sample may be an outlier.
STRETCH = 4
# A millisecond or two: long compared with the clock's error, and too short to disturb the load.
_TURNS = 40_000


def processor_times() -> tuple[float, float]:
    """Return the ticks since boot that all processors worked, and those that the host stole."""
    line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    user, nice, system, _idle, _iowait, irq, softirq, stolen = map(float, line.split()[1:9])
    return user + nice + system + irq + softirq, stolen


def got_share(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Return the fraction of the wanted CPU time that the machine got between two readings."""
    worked, stolen = after[0] - before[0], after[1] - before[1]
    return worked / (worked + stolen) if worked > 0 else 1.0


@dataclass
class MachineSpeed:
    """Samples of the speed: turns of an empty loop per second of CPU time.

    Each sample is reduced by the fraction of CPU time that the host gave to other machines.
    """

    samples: list[tuple[float, float]] = field(default_factory=list)
    _times: tuple[float, float] = field(default_factory=processor_times)

    @property
    def median(self) -> float:
        """The median of all samples."""
        return statistics.median(speed for _, speed in self.samples)

    def between(self, first_s: float, last_s: float) -> float:
        """Return the median between two `time.perf_counter` times."""
        during = [speed for at_s, speed in self.samples if first_s <= at_s <= last_s]
        return statistics.median(during) if during else self.median

    def slowest(self, first_s: float, last_s: float) -> float:
        """Return the median of the slowest second between two `time.perf_counter` times."""
        during = [speed for at_s, speed in self.samples if first_s <= at_s <= last_s]
        starts = range(max(1, len(during) - STRETCH + 1))
        stretches = [during[start : start + STRETCH] for start in starts if during]
        return min(map(statistics.median, stretches), default=self.median)

    def take(self) -> None:
        """Take a sample; it counts this thread's CPU time only, not its waiting."""
        began_s = time.thread_time()
        for _ in range(_TURNS):
            pass
        speed = _TURNS / (time.thread_time() - began_s)
        before, self._times = self._times, processor_times()
        self.samples.append((time.perf_counter(), speed * got_share(before, self._times)))


@asynccontextmanager
async def machine_speed() -> AsyncIterator[MachineSpeed]:
    """Sample the speed during the block."""
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

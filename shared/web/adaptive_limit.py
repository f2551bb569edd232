"""How many requests at once are made or let in: fewer while they are slow, more while not.

AIMD on latency. Ten times a second, if five reads have ended, their median is compared with the
best median of the last minutes. Where it has been above four times that for a second (and above
150 ms: what is quick need not be quicker) the limit falls by 15 %; at or below it the limit rises
by two, if it was used or is lower than a burst after quiet needs. What finds no room waits for
10 ms at most and is then refused: waiting longer would only move the queue here. It is refused at
once behind a quarter of the limit of others who wait, and while somebody has just waited in vain.
"""

import asyncio
import statistics
import time
from collections import deque
from dataclasses import dataclass

from shared.errors import Overloaded
from shared.web import metrics
from shared.worth import Worth, worth


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """The figures of the rule; `room` is the share of the limit that each worth may fill."""

    calls_min: int = 16
    # As many as a burst after quiet needs: what stands still for a second, such as a replica that
    # is restarted, leaves so many at once. Without being used the limit rises no further.
    calls_at_start: int = 128
    calls_max: int = 256
    window_s: float = 0.1
    samples_min: int = 5
    slower_than_best: float = 4.0
    slow_s: float = 0.15
    # What is over within a second is no overload, but something that has just been restarted.
    slow_windows: int = 10
    fall: float = 0.85
    rise: int = 2
    remembered_windows: int = 3_000
    wait_s_max: float = 0.01
    in_vain_s: float = 0.05
    room: tuple[float, float, float] = (0.5, 0.85, 1.0)


RULES = AdaptiveRules()


class AdaptiveLimit:
    """One for each upstream of a process; the gateway has one for itself."""

    def __init__(self, of: str, rules: AdaptiveRules = RULES) -> None:
        self._of = of
        self._rules = rules
        self._limit = float(rules.calls_at_start)
        self._in_flight = 0
        self._busiest = 0
        self._samples: list[float] = []
        self._window_ends_s = 0.0
        # The best medians so far, in ascending order of both time and value.
        self._best: deque[tuple[int, float]] = deque()
        self._windows = 0
        self._slow_windows = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_vain_until_s = 0.0
        self._gauge = metrics.upstream_limit.labels(of)
        self._refused = metrics.upstream_refused.labels(of)
        self._gauge.set(self._limit)

    @property
    def calls_max(self) -> int:
        """How many calls at once are allowed now."""
        return int(self._limit)

    @property
    def is_pressed(self) -> bool:
        """Whether what is worth least is refused: time to ask for less."""
        return self._in_flight >= self._limit * self._rules.room[Worth.SHEDDABLE]

    async def enter(self) -> None:
        """Take a place, which `leave` gives back; raises Overloaded, cheap and soon."""
        if not self._has_room():
            await self._wait()
        self._in_flight += 1
        self._busiest = max(self._busiest, self._in_flight)

    def leave(self, read_s: float | None) -> None:
        """Give the place back; `read_s` is how long a read took, None for what says nothing."""
        self._in_flight -= 1
        if read_s is not None:
            self._samples.append(read_s)
        now_s = time.monotonic()
        if now_s >= self._window_ends_s and len(self._samples) >= self._rules.samples_min:
            self._end_window(now_s)
        while self._waiting and self._in_flight < self._limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break

    def _has_room(self) -> bool:
        return self._in_flight < self._limit * self._rules.room[worth.get()]

    async def _wait(self) -> None:
        is_queue_long = len(self._waiting) >= self._limit / 4
        is_in_vain = time.monotonic() < self._in_vain_until_s
        if worth.get() is Worth.SHEDDABLE or is_queue_long or is_in_vain:
            raise self._refusal()
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._rules.wait_s_max):
                await place
        except TimeoutError as error:
            self._in_vain_until_s = time.monotonic() + self._rules.in_vain_s
            raise self._refusal() from error
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _refusal(self) -> Overloaded:
        self._refused.inc()
        return Overloaded(f"The service {self._of} is busy.", retry_after_s=1)

    def _end_window(self, now_s: float) -> None:
        self._window_ends_s = now_s + self._rules.window_s
        self._adapt(statistics.median(self._samples))
        self._samples.clear()
        self._busiest = self._in_flight

    def _adapt(self, median_s: float) -> None:
        rules = self._rules
        if median_s > max(self._best_median_s(median_s) * rules.slower_than_best, rules.slow_s):
            self._slow_windows = min(self._slow_windows + 1, rules.slow_windows)
            if self._slow_windows == rules.slow_windows:
                self._limit = max(self._limit * rules.fall, rules.calls_min)
        else:
            self._slow_windows = max(self._slow_windows - 1, 0)
            if self._is_used() or self._limit < rules.calls_at_start:
                self._limit = min(self._limit + rules.rise, rules.calls_max)
        self._gauge.set(self._limit)

    def _is_used(self) -> bool:
        return self._busiest >= self._limit * self._rules.room[Worth.SHEDDABLE]

    def _best_median_s(self, median_s: float) -> float:
        self._windows += 1
        while self._best and self._best[-1][1] >= median_s:
            self._best.pop()
        self._best.append((self._windows, median_s))
        while self._best[0][0] <= self._windows - self._rules.remembered_windows:
            self._best.popleft()
        return self._best[0][1]

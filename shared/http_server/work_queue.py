"""The limiter of a process: requests queue while the expected wait is short, else are refused.

It counts work in the process, not the time that slow clients take. The rule is Little's law: the
requests ahead, times the mean gap between two departures, is the expected time of a new request.
Above a bound the limiter refuses the request at once.
"""

import asyncio
import math
import time
from collections import Counter, deque
from dataclasses import replace

from shared.deadlines import budget_ms
from shared.http_server import metrics
from shared.http_server.queue_rules import WORK_S_MIN, QueueRules
from shared.priority import Priority
from shared.refusals import overloaded

# The limiter's label in the metric of refusals.
LIMITER = "limiter"
# The estimate averages the departures of one longest wait, the time span it predicts. When a queue
# forms, the earlier estimate has the weight of this number of departures.
DEPARTURES_ASSUMED = 16
# Departures come in bursts with gaps of some tens of milliseconds. A longer gap is a standstill,
# which tells nothing about the rate of departures. Standstills that add up to more than
# PAUSE_S_MAX do count.
STANDSTILL_S, PAUSE_S_MAX = 0.1, 1.0
# The thread's CPU time per request is measured over this number of requests, if they came within
# COST_S_MAX. Over fewer requests the thread's other work would distort it.
COST_REQUESTS, COST_S_MAX = 64, 2.0
# A queue that lasts this long is an overload. A pause of a second leaves a shorter one.
STANDING_S = 3.0
# A queued request waits for at most this many longest waits, even if no request leaves.
WAITS_MAX = 2
# The fraction of the longest wait that one caller's requests may take up in the queue.
CALLERS_SHARE = 0.1
# The fraction of the longest wait that each priority may fill in a burst, which passes quickly.
IN_A_BURST = {Priority.SHEDDABLE: 0.8, Priority.NORMAL: 1.0, Priority.VITAL: 1.2}
# In a standing queue the rate may halve within a second, so some requests wait twice as long as
# expected. Browsing leaves the slots to other requests.
IN_A_STANDING_LINE = {Priority.SHEDDABLE: 0.3, Priority.NORMAL: 0.5, Priority.VITAL: 0.6}

Place = asyncio.Future[None]


class WorkQueue:
    """Admits requests in order of arrival, with a share of the queue for each caller."""

    def __init__(self, rules: QueueRules) -> None:
        self._rules = rules
        self._at_work = 0
        self._line = Line()
        self._gap_s = 0.0
        self._left_in_line = 0
        self._formed_s = 0.0
        self._last_left_s = 0.0
        self._paused_s = 0.0
        self._slow_since_s = math.inf
        self._cost = ThreadCost()

    @property
    def is_pressed(self) -> bool:
        """Whether requests wait in the queue, so that callers should ask for less."""
        return len(self._line) > 0

    def expected_s(self, caller: str) -> float:
        """Return the expected time, in seconds, of a request that this caller sent now."""
        return (self._line.ahead_of(caller, self._share) + self._at_work) * self._gap_s

    def resize(self, at_work_max: int) -> None:
        """Handle this many requests at once from now on; those under way finish in any case."""
        self._rules = replace(self._rules, at_work_max=at_work_max)
        while self._at_work < at_work_max and (place := self._line.next()) is not None:
            self._at_work += 1
            metrics.http_in_flight.inc()
            place.set_result(None)

    async def enter(self, priority: Priority, caller: str) -> float:
        """Wait for a slot; returns the start time, which `leave` needs.

        Raises Overloaded at once if the expected time is too long. Raises it later if no slot
        comes within two longest waits or the caller's deadline.
        """
        if self._at_work < self._rules.at_work_max:
            self._at_work += 1
            metrics.http_in_flight.inc()
        else:
            self.check(priority, caller)
            await self._wait(caller)
        return time.monotonic()

    def leave(self, began_s: float) -> None:
        """Hand the finished request's slot to the next one, and update the estimate."""
        now_s = time.monotonic()
        self._cost.note_one(now_s)
        if self._line:
            self._note_gap(now_s)
        else:
            self._note_time(now_s, now_s - began_s)
        self._hand_on()

    def _note_time(self, now_s: float, took_s: float) -> None:
        if took_s <= STANDSTILL_S:
            self._slow_since_s = math.inf
        else:
            self._slow_since_s = min(self._slow_since_s, now_s - took_s)
            if now_s - self._slow_since_s <= PAUSE_S_MAX:
                return
        # The gap if such requests filled all slots. It cannot be shorter than their CPU cost.
        gap_s = max(took_s / self._rules.at_work_max, self._cost.seconds)
        self._gap_s += (gap_s - self._gap_s) / DEPARTURES_ASSUMED

    def _note_gap(self, now_s: float) -> None:
        self._left_in_line += 1
        gap_s = now_s - self._last_left_s
        self._last_left_s = now_s
        self._paused_s = self._paused_s + gap_s if gap_s > STANDSTILL_S else 0.0
        if 0.0 < self._paused_s <= PAUSE_S_MAX:
            return
        in_a_wait = self._rules.wait_s_max / max(self._gap_s, WORK_S_MIN)
        counted = min(DEPARTURES_ASSUMED + self._left_in_line, in_a_wait)
        self._gap_s += (gap_s - self._gap_s) / max(counted, DEPARTURES_ASSUMED)

    @property
    def _share(self) -> int:
        """How many requests of one caller may be in the line."""
        gap_s = max(self._gap_s, WORK_S_MIN)
        return max(int(self._rules.wait_s_max * CALLERS_SHARE / gap_s), 1)

    def check(self, priority: Priority, caller: str) -> None:
        """Raise Overloaded if a request that came now would take too long, or the queue is full."""
        stands = self._line and time.monotonic() - self._formed_s > STANDING_S
        accepted = (IN_A_STANDING_LINE if stands else IN_A_BURST)[priority]
        if self.expected_s(caller) > self._rules.wait_s_max * accepted:
            raise overloaded(LIMITER, "wait")
        if len(self._line) >= self._rules.waiting_max:
            raise overloaded(LIMITER, "queue_full")

    async def _wait(self, caller: str) -> None:
        if not self._line:
            self._formed_s = self._last_left_s = time.monotonic()
            self._left_in_line = 0
        place = self._line.join(caller, self._share)
        metrics.http_waiting.inc()
        try:
            async with asyncio.timeout(budget_ms(self._rules.wait_s_max * WAITS_MAX * 1000) / 1000):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            # The slot may have come at the same moment; it goes to the next request.
            if place.done() and not place.cancelled():
                self._hand_on()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise overloaded(LIMITER, "waited") from error
        finally:
            metrics.http_waiting.dec()

    def _hand_on(self) -> None:
        # Above its size, after `resize`, the limiter lets slots go.
        place = self._line.next() if self._at_work <= self._rules.at_work_max else None
        if place is not None:
            place.set_result(None)
        else:
            self._at_work -= 1
            metrics.http_in_flight.dec()


class ThreadCost:
    """Measures how much CPU time of this thread a request takes."""

    def __init__(self) -> None:
        self.seconds = WORK_S_MIN
        self._requests = 0
        self._began_s = 0.0
        self._cpu_s = 0.0

    def note_one(self, now_s: float) -> None:
        """Count a finished request; every COST_REQUESTS requests the measurement is renewed."""
        self._requests -= 1
        if self._requests > 0:
            return
        cpu_s = time.thread_time()
        if now_s - self._began_s < COST_S_MAX:
            self.seconds = (cpu_s - self._cpu_s) / COST_REQUESTS
        self._requests, self._began_s, self._cpu_s = COST_REQUESTS, now_s, cpu_s


class Line:
    """A queue in order of arrival, in which each caller has a share; its other requests wait aside.

    When a caller's request gets its slot, the caller's next request moves from aside to the end of
    the line. So a caller with very many requests delays itself, and other callers very little.
    """

    def __init__(self) -> None:
        self._line: deque[tuple[str, Place]] = deque()
        self._in_line: Counter[str] = Counter()
        self._aside: dict[str, deque[Place]] = {}
        self._count_aside = 0

    def __len__(self) -> int:
        """Count all waiting requests, including those aside."""
        return len(self._line) + self._count_aside

    def ahead_of(self, caller: str, share: int) -> float:
        """Return how many requests precede one that this caller sent now."""
        if self._has_room(caller, share):
            return len(self._line)
        # Of every `len(line)` departures, `in_line` are the caller's own.
        aside = len(self._aside.get(caller, ()))
        return len(self._line) * (1 + aside / self._in_line[caller])

    def join(self, caller: str, share: int) -> Place:
        """Queue a request; `next` returns its future when its turn comes."""
        place: Place = asyncio.get_running_loop().create_future()
        if self._has_room(caller, share):
            self._line.append((caller, place))
            self._in_line[caller] += 1
        else:
            self._aside.setdefault(caller, deque()).append(place)
            self._count_aside += 1
        return place

    def next(self) -> Place | None:
        """Take the next request that still waits; None if there is none."""
        while self._line:
            caller, place = self._line.popleft()
            self._come_from_aside(caller)
            if not place.done():
                return place
        return None

    def _has_room(self, caller: str, share: int) -> bool:
        return caller not in self._aside and self._in_line.get(caller, 0) < share

    def _come_from_aside(self, caller: str) -> None:
        aside = self._aside.get(caller)
        if aside is None:
            self._in_line[caller] -= 1
            if not self._in_line[caller]:
                del self._in_line[caller]
            return
        self._line.append((caller, aside.popleft()))
        self._count_aside -= 1
        if not aside:
            del self._aside[caller]

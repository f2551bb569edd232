"""The limiter of a process: requests wait their turn while the wait is short, or are refused.

It counts work, and never how slowly a client sends or receives. The rule is Little's law: a request
leaves after as many departures as there are requests before it, so its time here is their number
times the time between two departures. Above a bound the request is refused at once.
"""

import asyncio
import math
import time
from collections import Counter, deque

from shared.deadlines import budget_ms
from shared.http_server import metrics
from shared.http_server.queue_rules import WORK_S_MIN, QueueRules
from shared.priority import Priority
from shared.refusals import overloaded

# The name of this place among those that refuse.
LIMITER = "limiter"
# The estimate follows the departures of one longest wait: as long as the request waits that it is
# made for. When a line forms, what was known before counts as so many departures.
DEPARTURES_ASSUMED = 16
# Departures come in bursts, with gaps of some tens of milliseconds. In a longer gap something stood
# still. It says nothing of how quickly requests leave, unless such gaps last longer than a pause.
STANDSTILL_S, PAUSE_S_MAX = 0.1, 1.0
# What a request costs the thread is measured over so many, if they came within so long: of fewer,
# the thread's other work would be a large part.
COST_REQUESTS, COST_S_MAX = 64, 2.0
# A line that stands for so long is no burst that goes by, such as a pause of a second leaves.
STANDING_S = 3.0
# A request that was let in waits no longer than so many longest waits, even if none leaves.
WAITS_MAX = 2
# How much of the longest wait one caller may add to the wait of the others.
CALLERS_SHARE = 0.1
# How much of the longest wait a priority accepts in a burst, which nearly all can sit out.
IN_A_BURST = {Priority.SHEDDABLE: 0.8, Priority.NORMAL: 1.0, Priority.VITAL: 1.2}
# In a standing line the rate changes by half within a second, and some wait twice as long as could
# be foreseen. Who looks around leaves the places to the others.
IN_A_STANDING_LINE = {Priority.SHEDDABLE: 0.3, Priority.NORMAL: 0.5, Priority.VITAL: 0.6}

Place = asyncio.Future[None]


class WorkQueue:
    """Requests come to work in order of arrival, as long as no caller takes more than its share."""

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
        """Whether requests wait here: time to ask for less."""
        return len(self._line) > 0

    def expected_s(self, caller: str) -> float:
        """How long a request of this caller would be here that came now, in seconds."""
        return (self._line.ahead_of(caller, self._share) + self._at_work) * self._gap_s

    async def enter(self, priority: Priority, caller: str) -> float:
        """Wait for a place; give it back by `leave` with what is returned.

        Raises Overloaded: at once if the request would be here for too long, or later if its turn
        does not come within two longest waits or the deadline at hand.
        """
        if self._at_work < self._rules.at_work_max:
            self._at_work += 1
            metrics.http_in_flight.inc()
        else:
            self.check(priority, caller)
            await self._wait(caller)
        return time.monotonic()

    def leave(self, began_s: float) -> None:
        """The request is done: its place goes to the next one."""
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
        # If requests like this one took all places. The thread can do no more than they cost.
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
        """How many requests of one caller may stand in line."""
        gap_s = max(self._gap_s, WORK_S_MIN)
        return max(int(self._rules.wait_s_max * CALLERS_SHARE / gap_s), 1)

    def check(self, priority: Priority, caller: str) -> None:
        """Raises Overloaded if a request that came now would be here for too long."""
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
            # Its turn may have come in the same moment.
            if place.done() and not place.cancelled():
                self._hand_on()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise overloaded(LIMITER, "waited") from error
        finally:
            metrics.http_waiting.dec()

    def _hand_on(self) -> None:
        place = self._line.next()
        if place is not None:
            place.set_result(None)
        else:
            self._at_work -= 1
            metrics.http_in_flight.dec()


class ThreadCost:
    """How much time of this thread's processor a request takes."""

    def __init__(self) -> None:
        self.seconds = WORK_S_MIN
        self._requests = 0
        self._began_s = 0.0
        self._cpu_s = 0.0

    def note_one(self, now_s: float) -> None:
        """A request has left."""
        self._requests -= 1
        if self._requests > 0:
            return
        cpu_s = time.thread_time()
        if now_s - self._began_s < COST_S_MAX:
            self.seconds = (cpu_s - self._cpu_s) / COST_REQUESTS
        self._requests, self._began_s, self._cpu_s = COST_REQUESTS, now_s, cpu_s


class Line:
    """Places in order of arrival, of each caller no more than its share; the others stand aside.

    When a place of a caller is handed out, the caller's next one comes from aside to the end of
    the line. So a caller who asks for very much waits behind itself, and others hardly notice.
    """

    def __init__(self) -> None:
        self._line: deque[tuple[str, Place]] = deque()
        self._in_line: Counter[str] = Counter()
        self._aside: dict[str, deque[Place]] = {}
        self._count_aside = 0

    def __len__(self) -> int:
        """All that wait, those aside included."""
        return len(self._line) + self._count_aside

    def ahead_of(self, caller: str, share: int) -> float:
        """How many have their turn before a request of this caller that came now."""
        if self._has_room(caller, share):
            return len(self._line)
        # Of those who leave, `in_line` in `len(line)` are the caller's.
        aside = len(self._aside.get(caller, ()))
        return len(self._line) * (1 + aside / self._in_line[caller])

    def join(self, caller: str, share: int) -> Place:
        """A place: `next` returns it when its turn has come."""
        place: Place = asyncio.get_running_loop().create_future()
        if self._has_room(caller, share):
            self._line.append((caller, place))
            self._in_line[caller] += 1
        else:
            self._aside.setdefault(caller, deque()).append(place)
            self._count_aside += 1
        return place

    def next(self) -> Place | None:
        """The place whose turn it is; None if nobody waits. Places given up are left out."""
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

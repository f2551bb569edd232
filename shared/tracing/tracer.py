"""Decides which traces are kept, and has every process keep its part.

The edge samples a share of the requests at random. Slow and failed ones are kept as well, which
only their end can tell. So a process holds each part of a trace for ten seconds, and its caller
tells it to keep it.
"""

import asyncio
import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Counter

from shared.tracing.frames import AFTERWARDS_S, CALL, OK, Frame, Note, current_frame
from shared.tracing.held_frames import HELD_MAX, HOLD_S, HeldFrames
from shared.tracing.keep_rate import KeepRate
from shared.tracing.trace_context import Parent, trace_id_of

KEPT = Counter("retrato_traces_kept_total", "Parts of traces kept by this process.", ["why"])
DROPPED = Counter(
    "retrato_traces_dropped_total", "Parts of traces that a bound did not let be kept.", ["bound"]
)

# During an outage every request fails. A person needs some of them.
KEPT_PER_S = 20.0
# One in a hundred is far fewer, but whoever reaches a service's port can call anything sampled.
SAMPLED_PER_S = 200.0
# Callees hear of all that was kept since the last time.
TELL_EVERY_S = 0.25
TOLD_AT_ONCE_MAX = 64


@dataclass(frozen=True, slots=True)
class TraceRules:
    """The share of requests that the edge samples, and from when on one counts as slow."""

    share: float = 0.01
    slow_s: float = 0.5
    slow_job_s: float = 10.0


class Callee(Protocol):
    """A service that can be told to keep its parts of traces."""

    async def tell_to_keep(self, address: str, trace_ids: Sequence[str]) -> None:
        """Tell one process; a failure is its own affair."""


# How many times `slow_s` a request may take; it is only asked about one that took `slow_s`.
Patience = Callable[[], float]


def _plain_patience() -> float:
    return 1.0


# The frame, some of its notes, and whether the frame's own span comes with them.
Take = Callable[[Frame, Sequence[Note], bool], None]


class Tracer:
    """The traces of this process; without `start` it notes nothing."""

    def __init__(self) -> None:
        self.rules = TraceRules()
        self._take: Take | None = None
        self.held = HeldFrames()
        self._awaited: OrderedDict[str, float] = OrderedDict()
        self._to_tell: dict[tuple[Callee, str], list[str]] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._rate, self._sampled_rate = KeepRate(KEPT_PER_S), KeepRate(SAMPLED_PER_S)

    def start(self, rules: TraceRules, take: Take) -> None:
        """Note every request and job from now on; `take` gets those that are kept."""
        self.rules, self._take = rules, take

    def stop(self) -> None:
        """Note nothing any more."""
        self._take = None

    def begin_request(self, request_id: str, parent: Parent | None, outer: Parent | None) -> None:
        """Begin a request's frame; without a parent this process is the edge and samples."""
        if self._take is None:
            return
        if parent is not None:
            frame = Frame(parent.trace_id, parent.span_id, parent.is_sampled, True)
        else:
            sampled = random.random() < self.rules.share  # noqa: S311 - no secret
            frame = Frame(trace_id_of(request_id), 0, sampled, True)
            if outer is not None:
                frame.origins = (outer,)
        current_frame.set(frame)

    def begin_job(
        self, name: str, request_id: str | None, causes: Sequence[Parent]
    ) -> Frame | None:
        """Begin the frame of a job or delivery, which belongs to the first sampled cause.

        It links to all others, and to one that was not sampled, whose spans may be gone.
        """
        if self._take is None:
            return None
        parent = next((cause for cause in causes if cause.is_sampled), None)
        if parent is not None:
            frame = Frame(parent.trace_id, parent.span_id, True, False)
        else:
            own = causes[0].trace_id if causes else trace_id_of(request_id or uuid.uuid4().hex)
            sampled = not causes and random.random() < self.rules.share  # noqa: S311
            frame = Frame(own, 0, sampled, False)
        frame.name = name
        frame.origins = tuple(cause for cause in causes if cause is not parent)
        current_frame.set(frame)
        return frame

    def is_plain(self, frame: Frame) -> bool:
        """Whether nothing speaks for keeping a request so far, as with almost every one."""
        return not frame.is_notable and time.perf_counter() - frame.began_s < self.rules.slow_s

    def decides_to_keep(
        self, frame: Frame, outcome: str, *, patience: Patience = _plain_patience
    ) -> bool:
        """Whether a frame is kept by what is known of it now."""
        if outcome == OK and not frame.is_notable and not self._is_slow(frame):
            return False
        why = self._why(frame, outcome, patience)
        if why and not frame.is_kept:
            frame.is_kept = True
            KEPT.labels(why).inc()
        return frame.is_kept

    def _why(self, frame: Frame, outcome: str, patience: Patience) -> str:
        if frame.is_sampled and not frame.is_refused:
            if self._sampled_rate.take():
                return "sampled"
            frame.is_refused = True
            DROPPED.labels("sampled").inc()
        if frame.must_keep:
            return "callee"
        if outcome != OK or frame.has_failed_call:
            return "failed" if self._may_keep() else ""
        return "slow" if self._is_slow(frame, patience()) and self._may_keep() else ""

    def end(self, frame: Frame, outcome: str, *, patience: Patience = _plain_patience) -> None:
        """End a frame: keep it, hold it for its caller, or forget it.

        A callee decides by itself only as its reply begins, because the reply tells its caller.
        """
        frame.ended_s = time.perf_counter()
        is_callee = frame.is_server and frame.parent_id != 0
        if not frame.is_kept:
            if is_callee and frame.trace_id in self._awaited:
                frame.is_kept = True
                KEPT.labels("told").inc()
            elif frame.is_sampled or not is_callee:
                self.decides_to_keep(frame, outcome, patience=patience)
        if frame.is_kept:
            frame.outcome = outcome
            self._keep(frame)
        elif is_callee:
            frame.outcome = outcome
            self.held.hold(frame)

    def keep(self, trace_ids: Sequence[str]) -> None:
        """Keep the held frames of these traces, and those that are still to end."""
        now_s, wanted = time.monotonic(), frozenset(trace_ids)
        for frame in self.held.of(wanted, time.perf_counter() - HOLD_S):
            frame.is_kept = True
            KEPT.labels("told").inc()
            self._keep(frame)
        self._awaited.update(dict.fromkeys(trace_ids, now_s))
        while len(self._awaited) > HELD_MAX or (
            self._awaited and next(iter(self._awaited.values())) < now_s - HOLD_S
        ):
            self._awaited.popitem(last=False)

    def _keep(self, frame: Frame) -> None:
        if self._take is None:
            return
        notes = tuple(frame.notes)
        self._take(frame, notes, True)
        if not frame.is_sampled:
            self._tell_callees(frame, notes)
        # What the request left behind still runs, and is noted when it ends.
        seen = len(notes)
        loop = asyncio.get_running_loop()
        loop.call_later(2 * AFTERWARDS_S, self._keep_rest, frame, seen, context=Context())

    def _keep_rest(self, frame: Frame, seen: int) -> None:
        rest = frame.notes[seen:]
        if rest and self._take is not None:
            self._take(frame, rest, False)
            if not frame.is_sampled:
                self._tell_callees(frame, rest)

    def _is_slow(self, frame: Frame, times: float = 1.0) -> bool:
        slow_s = self.rules.slow_s if frame.is_server else self.rules.slow_job_s
        return time.perf_counter() - frame.began_s >= slow_s * times

    def _may_keep(self) -> bool:
        if self._rate.take():
            return True
        DROPPED.labels("rate").inc()
        return False

    def _tell_callees(self, frame: Frame, notes: Sequence[Note]) -> None:
        loop = asyncio.get_running_loop()
        calls = [note for note in notes if note[0] is CALL]
        for _kind, callee, (_method, _path, addresses), *_rest in calls:
            for address in addresses:
                if not self._to_tell:
                    # A context of its own: the telling belongs to no request.
                    loop.call_later(TELL_EVERY_S, self._tell, context=Context())
                ids = self._to_tell.setdefault((callee, address), [])
                if len(ids) >= TOLD_AT_ONCE_MAX:
                    DROPPED.labels("telling").inc()
                elif frame.trace_id not in ids:
                    ids.append(frame.trace_id)

    def _tell(self) -> None:
        to_tell, self._to_tell = self._to_tell, {}
        for (callee, address), ids in to_tell.items():
            self._start(callee.tell_to_keep(address, ids))

    def _start(self, telling: Awaitable[None]) -> None:
        task = asyncio.ensure_future(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


TRACER = Tracer()

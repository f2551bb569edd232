"""What each kind of fault cost: the longest silence, repeated requests, and slow replies."""

import bisect
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from prove.checks.reads import READS
from prove.history import Fault, History, Operation

# What an operation writes to first.
SERVICE_OF = {
    **dict.fromkeys(("display_name", "bio", "follow"), "users"),
    "photo": "upload",
    **dict.fromkeys(("post", "comment", "like", "save"), "feed"),
}
# A silence counts to a fault if it began by then after everything was well.
_AFTER_S = 1.0
# A client gives an operation up before that, even if its last try takes all of its time.
_LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """A kind of fault: how often it was given, and what it cost.

    `silences_s` are the longest times without an acknowledged write of some service, one for each
    fault. `repeated` counts operations that needed another try, `unknown` those without a definite
    reply, `failed_reads` reads without an answer. `slow_ms` is the 99th percentile of the rest.
    """

    kind: str
    times: int
    silences_s: tuple[float, ...]
    repeated: int
    unknown: int
    failed_reads: int
    slow_ms: float

    @property
    def median_s(self) -> float:
        """The median of the longest silences."""
        return statistics.median(self.silences_s)


def costs_of(history: History) -> list[Cost]:
    """Return the cost of each kind of fault, the dearest first."""
    acked = _acknowledged(history)
    by_kind: dict[str, list[Fault]] = defaultdict(list)
    for fault in history.faults:
        if fault.well_s < float("inf"):
            by_kind[fault.kind].append(fault)
    costs = [_cost(kind, faults, history, acked) for kind, faults in by_kind.items()]
    return sorted(costs, key=lambda cost: -cost.median_s)


def _acknowledged(history: History) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for one in history.operations:
        if one.outcome == "ok" and one.kind in SERVICE_OF:
            times[SERVICE_OF[one.kind]].append(one.complete_s)
    return {service: sorted(at_s) for service, at_s in times.items()}


def _cost(
    kind: str, faults: Sequence[Fault], history: History, acked: dict[str, list[float]]
) -> Cost:
    during = [one for fault in faults for one in _meeting(history.operations, fault)]
    writes = [one for one in during if one.kind in SERVICE_OF]
    took_ms = sorted(one.took_s * 1000 for one in during if one.outcome == "ok")
    return Cost(
        kind,
        len(faults),
        tuple(max(_silence_s(times, fault) for times in acked.values()) for fault in faults),
        sum(one.tries > 1 for one in writes),
        sum(one.outcome == "info" for one in writes),
        sum(one.kind in READS and one.outcome != "ok" for one in during),
        took_ms[int(len(took_ms) * 0.99)] if took_ms else 0.0,
    )


def _meeting(operations: Sequence[Operation], fault: Fault) -> Iterator[Operation]:
    """Yield the operations that were under way during a fault; they come in order of beginning."""
    first = bisect.bisect_left(operations, fault.begin_s - _LONGEST_S, key=_invoke_s)
    last = bisect.bisect_left(operations, fault.well_s, key=_invoke_s)
    return (one for one in operations[first:last] if one.complete_s > fault.begin_s)


def _invoke_s(one: Operation) -> float:
    return one.invoke_s


def _silence_s(times: Sequence[float], fault: Fault) -> float:
    """Return the longest time between two acknowledgements around the fault."""
    first = max(bisect.bisect_left(times, fault.begin_s) - 1, 0)
    last = bisect.bisect_right(times, fault.well_s + _AFTER_S) + 1
    part = times[first:last]
    return max((after - before for before, after in pairwise(part)), default=0.0)

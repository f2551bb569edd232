"""What each kind of fault cost: the longest silence, repeated requests, and slow replies."""

import bisect
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from prove.checks.reads import READS
from prove.history import Fault, History, Operation

# What an operation writes to first.
SERVICE_OF = {
    **dict.fromkeys(("display_name", "bio", "follow"), "users"),
    "photo": "upload",
    **dict.fromkeys(("post", "comment", "like", "save"), "feed"),
}
# A client gives an operation up before that, even if its last try takes all of its time.
_LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """A kind of fault: how often it was given, and what it cost.

    `silences_s` are the longest times in which writes of some service were under way and none was
    acknowledged, one for each fault; `silent` names the service of the longest. `repeated` counts
    operations that needed another try, `unknown` those without a definite reply, `failed_reads`
    reads without an answer. `slow_ms` is the 99th percentile of the rest.
    """

    kind: str
    times: int
    silences_s: tuple[float, ...]
    silent: str
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
    by_kind: dict[str, list[Fault]] = defaultdict(list)
    for fault in history.faults:
        if fault.well_s < float("inf"):
            by_kind[fault.kind].append(fault)
    costs = [_cost(kind, faults, history) for kind, faults in by_kind.items()]
    return sorted(costs, key=lambda cost: -cost.median_s)


def _cost(kind: str, faults: Sequence[Fault], history: History) -> Cost:
    during = [one for fault in faults for one in _meeting(history.operations, fault)]
    writes = [one for one in during if one.kind in SERVICE_OF]
    took_ms = sorted(one.took_s * 1000 for one in during if one.outcome == "ok")
    silences = [max(_silences_s(history.operations, fault), default=(0.0, "")) for fault in faults]
    return Cost(
        kind,
        len(faults),
        tuple(silence_s for silence_s, _service in silences),
        max(silences)[1],
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


def _silences_s(operations: Sequence[Operation], fault: Fault) -> Iterator[tuple[float, str]]:
    """Yield each service's longest time in which somebody waited and nobody was acknowledged."""
    of_service: dict[str, list[Operation]] = defaultdict(list)
    # Who ends a silence may have begun after the fault.
    for one in _meeting(operations, replace(fault, well_s=fault.well_s + _LONGEST_S)):
        if one.kind in SERVICE_OF:
            of_service[SERVICE_OF[one.kind]].append(one)
    for service, writes in of_service.items():
        yield longest_silence_s(writes, fault), service


def longest_silence_s(writes: Sequence[Operation], fault: Fault) -> float:
    """Return the longest time with a write under way and none acknowledged.

    It begins while the fault lasts, and may end later.
    """
    ends_s = sorted(one.complete_s for one in writes if one.outcome == "ok")
    longest_s = 0.0
    for before_s, after_s in pairwise([fault.begin_s, *ends_s]):
        if before_s > fault.well_s:
            break
        if after_s - before_s <= longest_s:
            continue
        waiting_s = [
            max(one.invoke_s, before_s)
            for one in writes
            if one.invoke_s < after_s and one.complete_s > before_s
        ]
        longest_s = max(longest_s, after_s - min(waiting_s, default=after_s))
    return longest_s

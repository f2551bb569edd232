"""All checks together."""

from collections import Counter
from collections.abc import Callable, Iterator

from prove.checks.edges import check_edges
from prove.checks.events import check_events
from prove.checks.finding import TOLD_MAX, Finding
from prove.checks.ids import check_ids
from prove.checks.inserts import check_inserts
from prove.checks.primaries import check_primaries
from prove.checks.reads import check_reads
from prove.checks.registers import check_registers
from prove.checks.timelines import check_timelines
from prove.history import History
from prove.state import State

Check = Callable[[History, State], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "inserts are there exactly once": check_inserts,
    "the last acknowledged value stays": check_registers,
    "both sides and all counts agree": check_edges,
    "own writes are seen": check_reads,
    "ids are unique and rise": check_ids,
    "home timelines equal recomputed ones": check_timelines,
    "events leave in order": check_events,
    "one primary at a time": check_primaries,
    "everything is well again after each fault": lambda history, _state: _not_well(history),
    "nobody is signed out": lambda history, _state: _signed_out(history),
}


def check_all(history: History, state: State) -> dict[str, list[Finding]]:
    """Run all checks; returns the findings of each, at most TOLD_MAX of a kind."""
    return {name: _told(check(history, state)) for name, check in CHECKS.items()}


def _told(found: Iterator[Finding]) -> list[Finding]:
    kept, counted = [], Counter[str]()
    for finding in found:
        counted[finding.kind] += 1
        if counted[finding.kind] <= TOLD_MAX:
            kept.append(finding)
    more = {kind: number - TOLD_MAX for kind, number in counted.items() if number > TOLD_MAX}
    return kept + [Finding(kind, f"and {number} more") for kind, number in more.items()]


def _not_well(history: History) -> Iterator[Finding]:
    for fault in history.faults:
        if fault.stayed_ill:
            yield Finding("not well", f"{fault.kind} of {fault.targets} was healed in vain")


def _signed_out(history: History) -> Iterator[Finding]:
    for one in history.of_kind("session"):
        if one.outcome == "fail":
            yield Finding("signed out", f"client {one.client} lost its session: {one.got}")

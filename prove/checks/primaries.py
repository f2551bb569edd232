"""A database never has two primaries, and its timeline never goes back."""

from collections import defaultdict
from collections.abc import Iterator

from prove.checks.finding import Finding
from prove.history import Fault, History, NodeSample
from prove.state import State

# A machine that stood still as a whole learns in its next round that another one leads. Services
# refuse its older timeline meanwhile, and it can confirm no write without the other member.
LEARNS_WITHIN_S = 2.0


def check_primaries(history: History, _state: State) -> Iterator[Finding]:
    """Check what every server said of itself during the run."""
    stalls = [fault for fault in history.faults if fault.kind.startswith("stall ")]
    by_database: dict[str, list[NodeSample]] = defaultdict(list)
    for sample in history.samples:
        if sample.is_primary and not any(_has_just_moved(sample, stall) for stall in stalls):
            by_database[sample.database].append(sample)
    for database, samples in by_database.items():
        yield from _of_one(database, sorted(samples, key=lambda one: one.asked_s))


def _of_one(database: str, samples: list[NodeSample]) -> Iterator[Finding]:
    """Nobody is primary after another one began to be, unless it became so anew.

    A question that was asked after another node had answered "primary" must not be answered
    "primary" on the same or an older timeline.
    """
    newest: NodeSample | None = None
    told: set[tuple[str, str, int]] = set()
    for sample in samples:
        if newest is None:
            newest = sample
        elif _contradicts(sample, newest):
            yield from _once(told, database, sample, newest)
        elif sample.timeline >= newest.timeline:
            newest = sample


def _has_just_moved(sample: NodeSample, stall: Fault) -> bool:
    is_hit = f"postgres-{sample.node}" in stall.targets
    return is_hit and stall.begin_s <= sample.asked_s <= stall.healed_s + LEARNS_WITHIN_S


def _contradicts(sample: NodeSample, newest: NodeSample) -> bool:
    """Whether a later answer is from an older timeline, or from another node of the same one."""
    if sample.timeline == newest.timeline:
        return sample.node != newest.node
    return sample.timeline < newest.timeline and sample.asked_s >= newest.answered_s


def _once(
    told: set[tuple[str, str, int]], database: str, sample: NodeSample, newest: NodeSample
) -> Iterator[Finding]:
    what = (sample.node, newest.node, sample.timeline)
    if what not in told:
        told.add(what)
        yield Finding(
            "two primaries",
            f"{database}: {sample.node} takes writes on timeline {sample.timeline} at"
            f" {sample.asked_s:.1f} s, though {newest.node} did on {newest.timeline} at"
            f" {newest.answered_s:.1f} s",
        )

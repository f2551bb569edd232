"""Events leave their outbox in order, and all of them do."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from prove.checks.finding import Finding
from prove.history import History, Waiting
from prove.state import State

# The relay delivers these in parts, because their events carry versions.
MAY_OVERTAKE = frozenset({"edge"})


def check_events(history: History, state: State) -> Iterator[Finding]:
    """Check the order in which events left, and that none is left when all is quiet."""
    by_group: dict[str, list[Waiting]] = defaultdict(list)
    for sample in history.waiting:
        by_group[sample.group].append(sample)
    for group, samples in by_group.items():
        for before, after in pairwise(samples):
            yield from _overtaken(group, before.positions, after.positions, after.at_s)
    for row in state.waiting:
        is_parked = "parked" if row.parked else "still waiting"
        yield Finding(
            "outbox", f"event {row.position} of {row.topic} in {row.group} is {is_parked}"
        )
    for primary, jobs in state.jobs.items():
        if jobs:
            yield Finding("outbox", f"{jobs} jobs of {primary} are left when all is quiet")
    for name in state.unlike_replicas:
        yield Finding("replica", f"{name} holds other rows than its primary when all is quiet")


def _overtaken(
    group: str,
    before: Mapping[str, Sequence[int]],
    after: Mapping[str, Sequence[int]],
    at_s: float,
) -> Iterator[Finding]:
    """Compare two samples: what both saw must not have been passed by what has gone."""
    for place, positions in before.items():
        if place.partition("/")[2] in MAY_OVERTAKE:
            continue
        left = set(after.get(place, ()))
        gone = [position for position in positions if position not in left]
        passed = [position for position in positions if position in left]
        if gone and passed and min(passed) < max(gone):
            yield Finding(
                "outbox",
                f"{group} {place}: event {max(gone)} left before {min(passed)}, by {at_s:.1f} s",
            )

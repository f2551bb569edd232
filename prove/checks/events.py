"""Events leave their outbox in order, and all of them do."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
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
        samples = by_group[sample.group]
        # A server that stood still tells of the past until it knows that another one leads.
        if not samples or sample.timeline >= samples[-1].timeline:
            samples.append(sample)
    for group, samples in by_group.items():
        yield from _overtaken(group, samples)
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


def _overtaken(group: str, samples: Sequence[Waiting]) -> Iterator[Finding]:
    """Find events that left while one waited that had been seen before them.

    Two that are seen first in the same sample say nothing: the relay may have read the outbox
    before the first of them was committed, although its position is the smaller one.
    """
    seen: dict[tuple[str, int], int] = {}
    for number, (before, after) in enumerate(pairwise(samples)):
        for place, positions in before.positions.items():
            for position in positions:
                seen.setdefault((place, position), number)
            if place.partition("/")[2] in MAY_OVERTAKE:
                continue
            left = set(after.positions.get(place, ()))
            gone = [position for position in positions if position not in left]
            for passed in (position for position in positions if position in left):
                since = seen[(place, passed)]
                ahead = [one for one in gone if one > passed and seen[(place, one)] > since]
                if ahead:
                    yield Finding(
                        "outbox",
                        f"{group} {place}: event {max(ahead)} left before {passed},"
                        f" by {after.at_s:.1f} s",
                    )

"""Which fault comes when: a sequence without end that a seed decides."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

# Long enough that callers notice and turn elsewhere, which is seconds; the rest is patience.
HOLD_S = (2.0, 9.0)
# Between two faults some calm, so that each one's cost is its own.
CALM_S = (2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come; `pick`, from 0 to 1, chooses its target among those that fit."""

    number: int
    kind: str
    pick: float
    hold_s: float
    calm_s: float


def schedule(
    seed: int, kinds: Sequence[str], first: int = 0, *, pace: float = 1.0
) -> Iterator[Planned]:
    """Yield the faults from the `first` one on: rounds of all kinds, each in a new order.

    `pace` multiplies the seconds for which a fault is held, and those between two faults.
    """
    for one in itertools.islice(_from_the_beginning(seed, sorted(kinds)), first, None):
        yield replace(one, hold_s=one.hold_s * pace, calm_s=one.calm_s * pace)


def _from_the_beginning(seed: int, kinds: Sequence[str]) -> Iterator[Planned]:
    rng = random.Random(seed)
    numbers = itertools.count(1)
    while True:
        for kind in rng.sample(kinds, len(kinds)):
            yield Planned(
                next(numbers), kind, rng.random(), rng.uniform(*HOLD_S), rng.uniform(*CALM_S)
            )

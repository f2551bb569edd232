"""How much upkeep may change before it asks: rules that an operator can widen by explicit words."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RemovalRules:
    """More than `share_max` of all, and more than `at_least`, is no drift but a disaster.

    `may_exceed` is the word to go on all the same. `lost` names primaries whose losses an operator
    has accepted: what pointed to them may go.
    """

    share_max: float = 0.01
    at_least: int = 10
    may_exceed: bool = False
    lost: Collection[str] = field(default=frozenset())

    def allow(self, count: int, of_all: int) -> bool:
        """May so many of so many be changed?"""
        return self.may_exceed or count <= self.most_of(of_all)

    def most_of(self, of_all: int) -> int:
        """The most that may be changed without the word."""
        return max(self.at_least, int(self.share_max * of_all))

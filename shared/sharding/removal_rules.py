"""How much upkeep may change on its own; an operator can raise the limits."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RemovalRules:
    """Changes above both `share_max` (a fraction of all) and `at_least` are refused.

    `may_exceed` lifts the limit. `lost` names primaries whose losses an operator has accepted;
    references to lost rows may then be removed.
    """

    share_max: float = 0.01
    at_least: int = 10
    may_exceed: bool = False
    lost: Collection[str] = field(default=frozenset())

    def allow(self, count: int, of_all: int) -> bool:
        """Whether `count` of `of_all` things may be changed."""
        return self.may_exceed or count <= self.most_of(of_all)

    def most_of(self, of_all: int) -> int:
        """Return how many of `of_all` things may be changed without `may_exceed`."""
        return max(self.at_least, int(self.share_max * of_all))

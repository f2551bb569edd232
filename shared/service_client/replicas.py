"""Chooses among the replicas of one upstream: by load, and away from those that fail."""

import random
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.logs import get_logger
from shared.service_client import metrics

log = get_logger()

FAILURES_TO_EJECT = 5
EJECTED_S = 5.0


@dataclass(slots=True, eq=False)
class Replica:
    """One address of an upstream, and how it has done lately."""

    address: str
    in_flight: int = 0
    failures_in_a_row: int = 0
    ejected_until_s: float = 0.0


class Replicas:
    """What is known of the replicas behind one name."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._known: dict[str, Replica] = {}
        self._listed: Sequence[str] = ()
        self._replicas: list[Replica] = []

    def update(self, addresses: Sequence[str]) -> bool:
        """Take over what DNS says now, if it is new; one that left is forgotten whole."""
        if addresses == self._listed:
            return False
        self._known = {a: self._known.get(a) or Replica(a) for a in addresses}
        self._listed = addresses
        self._replicas = list(self._known.values())
        return True

    @property
    def count(self) -> int:
        """How many DNS lists at the moment."""
        return len(self._replicas)

    @property
    def are_all_ejected(self) -> bool:
        """Whether none has answered lately: then there is no better one to try next."""
        now_s = time.monotonic()
        return all(replica.ejected_until_s > now_s for replica in self._replicas)

    def pick(self, avoid: Collection[Replica] = ()) -> Replica:
        """The less busy of two chosen at random, leaving out the ejected and those to `avoid`.

        When that leaves none the rules give way. An ejected one is better than one to avoid: that
        has failed just now. With every replica ejected it is likelier that something between us
        and them is broken than all of them.
        """
        choice = self._sound()
        if avoid:
            choice = (
                [replica for replica in choice if replica not in avoid]
                or [replica for replica in self._replicas if replica not in avoid]
                or choice
            )
        if len(choice) == 1:
            return choice[0]
        one, other = _two_of(choice)
        return one if one.in_flight <= other.in_flight else other

    def succeeded(self, replica: Replica) -> None:
        """It answered, whatever it said."""
        replica.failures_in_a_row = 0
        replica.ejected_until_s = 0.0

    def failed(self, replica: Replica) -> None:
        """It could not be reached, broke off, or did not answer in time."""
        replica.failures_in_a_row += 1
        now_s = time.monotonic()
        if replica.failures_in_a_row >= FAILURES_TO_EJECT and replica.ejected_until_s <= now_s:
            # It comes back on probation: one more failure, and it is out again.
            replica.ejected_until_s = now_s + EJECTED_S
            metrics.upstream_ejections.labels(self._upstream).inc()
            log.warning("replica_ejected", upstream=self._upstream, address=replica.address)

    def _sound(self) -> list[Replica]:
        if not any(replica.ejected_until_s for replica in self._replicas):
            return self._replicas
        now_s = time.monotonic()
        return [r for r in self._replicas if r.ejected_until_s <= now_s] or self._replicas


def _two_of(choice: Sequence[Replica]) -> tuple[Replica, Replica]:
    # By hand, because `random.sample` takes ten times as long.
    count = len(choice)
    first = int(random.random() * count)  # noqa: S311 # no secret
    steps_on = 1 + int(random.random() * (count - 1))  # noqa: S311
    return choice[first], choice[(first + steps_on) % count]

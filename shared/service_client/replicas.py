"""Chooses a replica of an upstream by load, and avoids replicas that fail."""

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
    """One address of an upstream, its load and its recent failures."""

    address: str
    in_flight: int = 0
    failures_in_a_row: int = 0
    ejected_until_s: float = 0.0


class Replicas:
    """The replicas behind one name."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._known: dict[str, Replica] = {}
        self._listed: Sequence[str] = ()
        self._replicas: list[Replica] = []

    def update(self, addresses: Sequence[str]) -> bool:
        """Take over DNS's list; returns whether it changed. Failures of a gone replica are lost."""
        if addresses == self._listed:
            return False
        self._known = {a: self._known.get(a) or Replica(a) for a in addresses}
        self._listed = addresses
        self._replicas = list(self._known.values())
        return True

    @property
    def count(self) -> int:
        """How many replicas DNS lists at the moment."""
        return len(self._replicas)

    @property
    def are_all_ejected(self) -> bool:
        """Whether all replicas are ejected, so that a retry has no better choice."""
        now_s = time.monotonic()
        return all(replica.ejected_until_s > now_s for replica in self._replicas)

    def pick(self, avoid: Collection[Replica] = ()) -> Replica:
        """Return the less busy of two random replicas, without ejected ones and those to `avoid`.

        If none is left, an ejected replica is better than one to avoid, which has just failed. If
        all are ejected, all are candidates: then the network is probably at fault.
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
        """Note a reply of any status; ends an ejection."""
        replica.failures_in_a_row = 0
        replica.ejected_until_s = 0.0

    def failed(self, replica: Replica) -> None:
        """Note a failed connection, a broken one, or a timeout; may eject the replica."""
        replica.failures_in_a_row += 1
        now_s = time.monotonic()
        if replica.failures_in_a_row >= FAILURES_TO_EJECT and replica.ejected_until_s <= now_s:
            # The failures are kept, so after its return one more failure ejects it again.
            replica.ejected_until_s = now_s + EJECTED_S
            metrics.upstream_ejections.labels(self._upstream).inc()
            log.warning("replica_ejected", upstream=self._upstream, address=replica.address)

    def _sound(self) -> list[Replica]:
        if not any(replica.ejected_until_s for replica in self._replicas):
            return self._replicas
        now_s = time.monotonic()
        return [r for r in self._replicas if r.ejected_until_s <= now_s] or self._replicas


def _two_of(choice: Sequence[Replica]) -> tuple[Replica, Replica]:
    # Written out, because `random.sample` is much slower.
    count = len(choice)
    first = int(random.random() * count)  # noqa: S311 # no secret
    steps_on = 1 + int(random.random() * (count - 1))  # noqa: S311
    return choice[first], choice[(first + steps_on) % count]

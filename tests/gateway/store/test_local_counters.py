"""Counts of one process while Redis is away: the same rule, and a bound."""

from services.gateway.domain.limits import Limit, Partition
from services.gateway.domain.route_classes import RouteClass
from services.gateway.store.local_counters import LocalCounters

FIVE = Limit(RouteClass.WRITES, Partition.VIEWER, 5, 36_000)
TWO = Limit(RouteClass.WRITES, Partition.ADDRESS, 2, 36_000)


def test_exactly_the_limit_passes() -> None:
    counters = LocalCounters()
    rooms = [counters.take(["a"], [FIVE])[0] for _ in range(7)]
    assert [room >= 0 for room in rooms] == [True] * 5 + [False] * 2


def test_a_request_refused_by_one_limit_counts_for_no_other() -> None:
    counters = LocalCounters()
    for _ in range(9):
        counters.take(["viewer", "address"], [FIVE, TWO])
    (left_us,) = counters.take(["viewer"], [FIVE])
    assert left_us // FIVE.interval_us == 2


def test_memory_is_bounded_and_the_longest_unused_bucket_goes_first() -> None:
    counters = LocalCounters(buckets_max=2)
    for key in ("a", "a", "b", "c"):
        counters.take([key], [FIVE])
    (anew,) = counters.take(["a"], [FIVE])
    (kept,) = counters.take(["c"], [FIVE])
    assert (anew // FIVE.interval_us, kept // FIVE.interval_us) == (4, 3)

"""The choice of a replica by load and recent failures."""

import pytest

from shared.service_client.replicas import FAILURES_TO_EJECT, Replica, Replicas


@pytest.fixture
def replicas() -> Replicas:
    made = Replicas("users")
    made.update(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    return made


def by_address(replicas: Replicas, address: str) -> Replica:
    return replicas._known[address]


def fail(replicas: Replicas, address: str, times: int) -> None:
    for _ in range(times):
        replicas.failed(by_address(replicas, address))


def picked(replicas: Replicas, times: int = 200) -> set[str]:
    return {replicas.pick().address for _ in range(times)}


def test_all_replicas_are_used(replicas: Replicas) -> None:
    assert len(picked(replicas)) == 3


def test_the_busiest_is_passed_over(replicas: Replicas) -> None:
    by_address(replicas, "10.0.0.1").in_flight = 50
    assert picked(replicas) == {"10.0.0.2", "10.0.0.3"}


def test_five_failures_in_a_row_leave_a_replica_out(replicas: Replicas) -> None:
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT)
    assert picked(replicas) == {"10.0.0.2", "10.0.0.3"}


def test_a_success_between_failures_keeps_it_in(replicas: Replicas) -> None:
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT - 1)
    replicas.succeeded(by_address(replicas, "10.0.0.1"))
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT - 1)
    assert "10.0.0.1" in picked(replicas)


def test_the_last_one_is_never_left_out(replicas: Replicas) -> None:
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        fail(replicas, address, FAILURES_TO_EJECT)
    assert picked(replicas)


def test_it_comes_back_on_probation(replicas: Replicas) -> None:
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT)
    by_address(replicas, "10.0.0.1").ejected_until_s = 1.0
    assert "10.0.0.1" in picked(replicas)
    fail(replicas, "10.0.0.1", 1)
    assert "10.0.0.1" not in picked(replicas)


def test_what_left_dns_is_forgotten(replicas: Replicas) -> None:
    replicas.update(["10.0.0.2"])
    assert picked(replicas) == {"10.0.0.2"}


def test_what_stays_in_dns_keeps_its_history(replicas: Replicas) -> None:
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT)
    replicas.update(["10.0.0.1", "10.0.0.2"])
    assert picked(replicas) == {"10.0.0.2"}


def test_one_that_is_out_is_better_than_the_one_that_has_just_failed(replicas: Replicas) -> None:
    replicas.update(["10.0.0.1", "10.0.0.2"])
    fail(replicas, "10.0.0.1", FAILURES_TO_EJECT)
    just_failed = by_address(replicas, "10.0.0.2")
    assert replicas.pick([just_failed]).address == "10.0.0.1"


def test_the_one_to_avoid_is_taken_when_there_is_no_other(replicas: Replicas) -> None:
    replicas.update(["10.0.0.1"])
    only = by_address(replicas, "10.0.0.1")
    assert replicas.pick([only]) is only

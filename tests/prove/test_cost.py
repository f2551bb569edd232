"""A fault costs the time in which nobody's write was acknowledged, and repeated requests."""

import pytest

from prove.cost import costs_of
from prove.history import Fault, History, Operation


def _write(begin_s: float, end_s: float, kind: str = "like") -> Operation:
    return Operation(1, 1, kind, "5", "1", begin_s, end_s, "ok", {}, 1, end_s)


def _cost_s(*operations: Operation) -> float:
    ordered = sorted(operations, key=lambda one: one.invoke_s)
    fault = Fault(1, "kill feed", ("feed-1",), 3.2, 4.0, 10.5)
    (cost,) = costs_of(History(operations=ordered, faults=[fault]))
    assert cost.silent == "feed"
    return max(cost.silences_s)


def test_the_longest_wait_without_an_acknowledgement_is_the_cost() -> None:
    assert _cost_s(_write(2.0, 3.3), _write(3.5, 9.5), _write(9.0, 10.0)) == 6.0


def test_a_time_in_which_nobody_wrote_costs_nothing() -> None:
    assert _cost_s(_write(2.0, 3.3), _write(9.4, 9.5)) < 0.2


def test_a_service_that_others_write_to_is_not_silent() -> None:
    assert _cost_s(_write(3.2, 9.2), *(_write(n, n + 1.0) for n in range(3, 10))) <= 1.0


def test_a_reply_long_after_the_fault_does_not_prolong_its_silence() -> None:
    others = (_write(n, n + 1.0) for n in range(3, 60))
    assert _cost_s(_write(9.0, 60.0), *others) <= 1.0


def test_each_service_has_its_own_silence() -> None:
    others = (_write(n, n + 1.0, "follow") for n in range(3, 10))
    assert _cost_s(_write(3.2, 9.2), *others) == pytest.approx(6.0)


def test_a_fault_that_did_not_end_has_no_cost() -> None:
    fault = Fault(1, "kill feed", ("feed-1",), 0.5)
    assert costs_of(History(operations=[_write(0.9, 1.0)], faults=[fault])) == []

"""A fault costs the time in which nobody's write was acknowledged, and repeated requests."""

from prove.cost import costs_of
from prove.history import Fault, History, Operation


def _writes(*ends_s: float) -> list[Operation]:
    return [
        Operation(number, 1, "like", "5", "1", end_s - 0.1, end_s, "ok", {}, 1, end_s)
        for number, end_s in enumerate(ends_s)
    ]


def test_the_longest_silence_around_a_fault_is_its_cost() -> None:
    history = History(
        operations=_writes(1.0, 2.0, 3.0, 9.5, 10.0, 11.0, 12.0, 20.0),
        faults=[Fault(1, "kill feed", ("feed-1",), 3.2, 4.0, 10.5)],
    )
    (cost,) = costs_of(history)
    assert cost.silences_s == (6.5,)


def test_a_silence_after_a_fault_is_not_its_cost() -> None:
    history = History(
        operations=_writes(1.0, 2.0, 3.0, 3.5, 4.0, 5.2, 30.0),
        faults=[Fault(1, "kill feed", ("feed-1",), 2.2, 2.5, 3.0)],
    )
    (cost,) = costs_of(history)
    assert cost.median_s < 2.0


def test_a_fault_that_did_not_end_has_no_cost() -> None:
    history = History(operations=_writes(1.0), faults=[Fault(1, "kill feed", ("feed-1",), 0.5)])
    assert costs_of(history) == []

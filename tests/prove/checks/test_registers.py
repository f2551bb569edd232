"""What a register may hold follows from one client's operations and their doubts."""

import pytest

from prove.checks.registers import allowed_values
from prove.history import DOUBT_S, Operation, Outcome

Written = tuple[str, Outcome, float]


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ([], {""}),
        ([("a", "ok", 0.0)], {"a"}),
        ([("a", "ok", 0.0), ("b", "ok", 2.0)], {"b"}),
        ([("a", "ok", 0.0), ("b", "fail", 2.0)], {"a"}),
        ([("a", "ok", 0.0), ("b", "info", 2.0)], {"a", "b"}),
        ([("a", "info", 0.0), ("b", "ok", 2.0)], {"a", "b"}),
        ([("a", "info", 0.0), ("b", "ok", DOUBT_S + 2.0)], {"b"}),
    ],
)
def test_the_last_acknowledged_value_stays(written: list[Written], allowed: set[str]) -> None:
    operations = [
        Operation(
            *(number, 1, "bio", "bio", value, begin_s, begin_s + 1.0, outcome),
            in_doubt_until_s=begin_s + 1.0 + (DOUBT_S if outcome == "info" else 0.0),
        )
        for number, (value, outcome, begin_s) in enumerate(written)
    ]
    assert allowed_values(operations, "") == allowed

"""The search finds the knee to within its last step, and never names a rate that failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.knee import KNEE_MS, STEPS, highest_rate, is_sustained


@given(lowest=st.floats(1, 100), above=st.floats(1, 500))
async def test_the_knee_is_found_to_within_the_last_step(lowest: float, above: float) -> None:
    true_knee = lowest * above
    tried: list[float] = []

    async def is_well(rate: float) -> bool:
        tried.append(rate)
        return rate <= true_knee

    knee = await highest_rate(lowest, is_well)
    assert lowest <= knee <= true_knee < knee * STEPS[-1]
    assert knee in {lowest, *tried}


@pytest.mark.parametrize(
    ("p99_ms", "good", "is_well"),
    [(KNEE_MS - 1, 99, True), (KNEE_MS, 100, False), (0.0, 98, False)],
)
def test_a_rate_is_sustained_by_99_of_100_in_time(p99_ms: float, good: int, is_well: bool) -> None:
    assert is_sustained(p99_ms=p99_ms, good=good, asked=100) is is_well

"""Nested deadlines never get longer."""

import asyncio

import pytest

from shared.deadlines import budget_ms, deadline_within, remaining_ms, start_deadline
from shared.errors import DeadlineExceeded


def test_without_a_deadline_everything_is_allowed() -> None:
    assert remaining_ms() is None
    assert budget_ms(500) == 500


def test_a_budget_is_never_more_than_what_is_left() -> None:
    with deadline_within(100):
        assert 0 < budget_ms(500) <= 100
        assert budget_ms(10) == 10


def test_a_deadline_inside_another_only_shortens() -> None:
    with deadline_within(100):
        with deadline_within(10_000):
            assert budget_ms(500) <= 100
        with deadline_within(10):
            assert budget_ms(500) <= 10
        assert budget_ms(500) > 10


def test_a_deadline_ends_with_its_block() -> None:
    with deadline_within(100):
        pass
    assert remaining_ms() is None


def test_when_it_is_over_there_is_no_budget() -> None:
    with deadline_within(0), pytest.raises(DeadlineExceeded):
        budget_ms(1)


async def test_each_task_has_its_own() -> None:
    async def request(timeout_ms: float) -> float:
        start_deadline(timeout_ms)
        await asyncio.gather(asyncio.to_thread(int))
        return budget_ms(60_000)

    short, long = await asyncio.gather(
        asyncio.create_task(request(5_000)), asyncio.create_task(request(50_000))
    )
    assert short <= 5_000 < long
    assert remaining_ms() is None

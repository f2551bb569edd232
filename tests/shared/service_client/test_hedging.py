"""A slow read gets a rival; whichever answers first is the answer, and nothing is left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from shared.service_client.hedging import Chance, HedgeDelay, Race


class Attempt:
    """Answers when a test lets it, and notes how it ended."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.ended = asyncio.Event()
        self.error: Exception | None = None
        self.was_cancelled = False

    async def run(self) -> str:
        self.begun.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        finally:
            self.ended.set()
        if self.error is not None:
            raise self.error
        return self.answer


@pytest.fixture
def first() -> Attempt:
    return Attempt("first")


@pytest.fixture
def second() -> Attempt:
    return Attempt("second")


def race(first: Attempt, second: Attempt, delay_s: float = 0) -> asyncio.Task[str]:
    def begin() -> Coroutine[Any, Any, str]:
        return second.run()

    return asyncio.create_task(Race[str]([(delay_s, begin)]).run(first.run()))


async def test_a_quick_answer_has_no_rival(first: Attempt, second: Attempt) -> None:
    first.may_end.set()
    assert await race(first, second, delay_s=60) == "first"
    assert not second.begun.is_set()


async def test_the_rival_that_is_first_wins_and_the_other_is_ended(
    first: Attempt, second: Attempt
) -> None:
    second.may_end.set()
    running = race(first, second)
    assert await running == "second"
    assert first.was_cancelled
    assert not running.cancelling()


async def test_the_slow_one_may_still_win_and_the_rival_is_ended(
    first: Attempt, second: Attempt
) -> None:
    running = race(first, second)
    await second.begun.wait()
    first.may_end.set()
    assert await running == "first"
    await second.ended.wait()
    assert second.was_cancelled


async def test_an_error_of_one_leaves_the_answer_to_the_other(
    first: Attempt, second: Attempt
) -> None:
    first.error = ValueError("broken")
    running = race(first, second)
    await second.begun.wait()
    first.may_end.set()
    await first.ended.wait()
    second.may_end.set()
    assert await running == "second"


async def test_when_both_fail_the_error_is_that_of_the_first(
    first: Attempt, second: Attempt
) -> None:
    first.error, second.error = ValueError("first"), ValueError("second")
    running = race(first, second)
    await second.begun.wait()
    second.may_end.set()
    await second.ended.wait()
    first.may_end.set()
    with pytest.raises(ValueError, match="first"):
        await running


async def test_a_caller_who_goes_away_ends_both(first: Attempt, second: Attempt) -> None:
    running = race(first, second)
    await second.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await second.ended.wait()
    assert first.was_cancelled
    assert second.was_cancelled


async def test_no_rival_is_begun_where_there_shall_be_none(first: Attempt) -> None:
    asked = asyncio.Event()

    def nobody() -> None:
        asked.set()

    running = asyncio.create_task(Race[str]([(0, nobody)]).run(first.run()))
    await asked.wait()
    first.may_end.set()
    assert await running == "first"


async def test_a_chance_that_was_refused_leaves_the_next_one(
    first: Attempt, second: Attempt
) -> None:
    chances: list[Chance[str]] = [(0, lambda: None), (0.001, second.run)]
    second.may_end.set()
    assert await Race[str](chances).run(first.run()) == "second"


async def test_of_two_chances_one_is_taken(first: Attempt, second: Attempt) -> None:
    third = Attempt("third")
    chances: list[Chance[str]] = [(0, second.run), (0, third.run)]
    running = asyncio.create_task(Race[str](chances).run(first.run()))
    await second.begun.wait()
    second.may_end.set()
    assert await running == "second"
    assert not third.begun.is_set()


def test_hedges_are_five_in_a_hundred_reads() -> None:
    delay = HedgeDelay()
    hedged = 0
    for _ in range(1_000):
        delay.note(0.1)
        hedged += delay.spend()
    assert 45 <= hedged <= 50


def test_what_is_slow_is_learnt_from_the_reads_before() -> None:
    delay = HedgeDelay()
    assert delay.seconds is None
    for number in range(256):
        delay.note(0.2 if number % 10 == 0 else 0.05)
    assert delay.seconds == 0.2

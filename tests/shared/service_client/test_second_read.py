"""A slow read gets a second attempt; the first answer wins, and both attempts end."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from shared.service_client.second_read import first_answer


class Attempt:
    """Answers when the test allows it, and records how it ended."""

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

    return asyncio.create_task(first_answer(first.run(), delay_s, begin))


async def test_a_quick_answer_has_no_rival(first: Attempt, second: Attempt) -> None:
    first.may_end.set()
    assert await race(first, second, delay_s=60) == "first"
    assert not second.begun.is_set()


async def test_the_rival_that_is_first_wins_and_the_other_is_ended(
    first: Attempt, second: Attempt
) -> None:
    second.may_end.set()
    assert await race(first, second) == "second"
    await first.ended.wait()
    assert first.was_cancelled


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
    await first.ended.wait()
    await second.ended.wait()
    assert first.was_cancelled
    assert second.was_cancelled


async def test_no_rival_is_begun_where_there_shall_be_none(first: Attempt) -> None:
    asked = asyncio.Event()

    def nobody() -> None:
        asked.set()

    running = asyncio.create_task(first_answer(first.run(), 0, nobody))
    await asked.wait()
    first.may_end.set()
    assert await running == "first"


async def test_errors_of_both_at_once_leave_none_unlooked_at(
    first: Attempt, second: Attempt
) -> None:
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, complaint: complaints.append(complaint))
    try:
        second.error = ValueError("second")
        running = race(first, second)
        await second.begun.wait()
        first.may_end.set()
        second.may_end.set()
        assert await running == "first"
        await second.ended.wait()
        del running
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert not complaints

"""Two parallel calls."""

import asyncio

import pytest

from services.gateway.actions.side_by_side import side_by_side
from shared.errors import NotFound


async def say(word: str) -> str:
    return word


async def fail() -> str:
    raise NotFound


async def test_both_results_come_in_order() -> None:
    assert await side_by_side(say("a"), say("b")) == ("a", "b")


async def test_they_run_at_the_same_time() -> None:
    met = asyncio.Barrier(2)

    async def meet() -> bool:
        async with met:
            return True

    assert await side_by_side(meet(), meet()) == (True, True)


async def test_a_failure_is_raised_as_itself_and_the_other_call_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(NotFound):
        await side_by_side(wait_for_ever(), fail())
    assert cancelled.is_set()


async def test_cancelling_it_cancels_both() -> None:
    both = asyncio.create_task(side_by_side(asyncio.Event().wait(), asyncio.Event().wait()))
    await asyncio.wait([both], timeout=0)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both

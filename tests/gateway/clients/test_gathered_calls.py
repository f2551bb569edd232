"""Many questions, few calls: each asker gets its own answer or error."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from services.gateway.clients import gathered_calls as module
from services.gateway.clients.gathered_calls import GatheredCalls
from shared.deadlines import remaining_ms, start_deadline
from shared.errors import AppError, DeadlineExceeded, NotFound, Overloaded, Unavailable
from shared.logs import request_id
from tests.eventually import eventually


class Upstream:
    """Doubles even numbers and refuses odd ones; a test can make it wait."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.contexts: list[tuple[str | None, float]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def call(self, keys: Sequence[int]) -> Mapping[int, int | AppError]:
        self.batches.append(list(keys))
        self.contexts.append((request_id.get(), remaining_ms() or 0))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return {key: NotFound() if key % 2 else key * 2 for key in keys}


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def calls(upstream: Upstream) -> GatheredCalls[int, int]:
    return GatheredCalls(upstream.call, calls_max=2, keys_max=3)


async def test_askers_who_find_all_calls_busy_share_the_next_ones(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    answers = [calls.begin(key) for key in range(0, 14, 2)]
    upstream.open.set()
    assert await asyncio.gather(*answers) == [0, 4, 8, 12, 16, 20, 24]
    assert upstream.batches == [[0], [2], [4, 6, 8], [10, 12]]


async def test_askers_of_the_same_key_share_the_answer(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    upstream.open.set()
    assert await asyncio.gather(*(calls.ask(2) for _ in range(5))) == [4] * 5
    assert upstream.batches == [[2]]
    assert await calls.ask(2) == 4
    assert upstream.batches == [[2], [2]]


async def test_an_error_of_one_key_does_not_affect_the_others(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    answers = [calls.begin(key) for key in (2, 4, 5, 6)]
    upstream.open.set()
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert [found[0], found[1], found[3]] == [4, 8, 12]
    assert isinstance(found[2], NotFound)


async def test_an_error_of_the_call_reaches_its_askers_and_nobody_later(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    upstream.error = Unavailable()
    upstream.open.set()
    found = await asyncio.gather(*map(calls.ask, (2, 4, 6, 8)), return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in found)
    upstream.error = None
    assert await calls.ask(2) == 4


async def test_a_cancelled_asker_does_not_cancel_the_answer_for_others(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    impatient, patient = (asyncio.create_task(calls.ask(2)) for _ in range(2))
    answer = calls.begin(2)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    upstream.open.set()
    assert (await patient, await answer) == (4, 4)


async def _asks(calls: GatheredCalls[int, int], key: int, name: str, within_ms: float) -> int:
    request_id.set(name)
    start_deadline(within_ms)
    return await calls.ask(key)


async def test_a_call_runs_in_the_context_of_the_asker_with_the_most_time(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    under_way = [calls.begin(key) for key in (0, 2)]
    times_ms = {"some": 9_000, "most": 20_000, "little": 3_000}
    waiting = [asyncio.create_task(_asks(calls, 4, *one)) for one in times_ms.items()]
    await eventually(lambda: _assert_asked(calls, 3))
    upstream.open.set()
    assert await asyncio.gather(*waiting, *under_way) == [8, 8, 8, 0, 4]
    name, left_ms = upstream.contexts[-1]
    assert name == "most"
    assert 9_000 < left_ms <= 20_000


async def test_keys_without_a_waiting_asker_are_not_asked(
    upstream: Upstream, calls: GatheredCalls[int, int]
) -> None:
    under_way = [calls.begin(key) for key in (0, 2)]
    late = asyncio.create_task(_asks(calls, 4, "late", 0))
    in_time = asyncio.create_task(_asks(calls, 6, "in time", 20_000))
    await eventually(lambda: _assert_asked(calls, 4))
    upstream.open.set()
    with pytest.raises(DeadlineExceeded):
        await late
    assert await asyncio.gather(in_time, *under_way) == [12, 0, 4]
    assert upstream.batches == [[0], [2], [6]]


def _assert_asked(calls: GatheredCalls[int, int], count: int) -> None:
    assert len(calls._asked) == count


async def test_waiting_keys_are_bounded(
    upstream: Upstream, calls: GatheredCalls[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 3)
    answers = [calls.begin(key) for key in (0, 2, 4, 6, 8)]
    with pytest.raises(Overloaded):
        calls.begin(10)
    upstream.open.set()
    assert await asyncio.gather(*answers) == [0, 4, 8, 12, 16]

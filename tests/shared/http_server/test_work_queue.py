"""Which requests run, wait or are refused; and no caller takes all slots."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadlines import deadline_within
from shared.errors import Overloaded
from shared.http_server import work_queue
from shared.http_server.queue_rules import QueueRules
from shared.http_server.work_queue import STANDING_S, Line, WorkQueue
from shared.priority import Priority
from tests.eventually import eventually

WAIT_S = 0.6


class Clock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic(self) -> float:
        return self.now_s

    def thread_time(self) -> float:
        return 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(work_queue, "time", clock)
    return clock


class Crowd:
    """A queue whose requests run until the test lets one leave."""

    def __init__(self, clock: Clock, at_work_max: int) -> None:
        self.clock = clock
        self.queue = WorkQueue(QueueRules(at_work_max, WAIT_S))
        self.at_work: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, caller: str, priority: Priority = Priority.VITAL) -> None:
        task = asyncio.create_task(self._come(caller, priority))
        # Requests that still wait at the end of the test are abandoned; reading their errors
        # keeps asyncio quiet.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self.tasks.append(task)
        await asyncio.wait({task}, timeout=0)
        if task.done():
            await task

    async def _come(self, caller: str, priority: Priority) -> None:
        began_s = await self.queue.enter(priority, caller)
        self.at_work.append((caller, began_s))

    async def leave_one(self, after_s: float) -> None:
        self.clock.now_s += after_s
        _caller, began_s = self.at_work.pop(0)
        expected = len(self.at_work) + bool(self.queue._line)
        self.queue.leave(began_s)

        def the_next_has_come() -> None:
            assert len(self.at_work) == expected

        await eventually(the_next_has_come, every_s=0)

    async def fill(
        self, caller: str, priority: Priority = Priority.VITAL, *, are_others: bool = False
    ) -> int:
        """Send requests until one is refused; returns how many were admitted."""
        for number in range(5_000):
            try:
                await self.come(f"{caller} {number}" if are_others else caller, priority)
            except Overloaded:
                return number
        raise AssertionError("nothing was refused")

    async def have_seen(self, gap_s: float) -> None:
        """Let requests leave at this interval while others wait."""
        for number in range(300):
            while len(self.queue._line) < 2:
                await self.come(f"earlier {number}")
            await self.leave_one(gap_s)
        while len(self.at_work) > 1:
            await self.leave_one(gap_s)


async def test_so_many_are_at_work_and_the_rest_comes_in_order(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=2)
    for caller in ("alice", "bob", "carol", "dave"):
        await crowd.come(caller)
    assert [caller for caller, _ in crowd.at_work] == ["alice", "bob"]
    assert crowd.queue.is_pressed
    await crowd.leave_one(0.01)
    assert [caller for caller, _ in crowd.at_work] == ["bob", "carol"]
    await crowd.leave_one(0.01)
    assert [caller for caller, _ in crowd.at_work] == ["carol", "dave"]
    assert not crowd.queue.is_pressed


@pytest.mark.parametrize("gap_s", [0.002, 0.01, 0.05])
async def test_as_many_are_let_in_as_leave_within_the_longest_wait(
    clock: Clock, gap_s: float
) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(gap_s)
    let_in = await crowd.fill("caller", Priority.NORMAL, are_others=True)
    assert let_in == pytest.approx(WAIT_S / gap_s, rel=0.1, abs=2)


async def test_a_line_that_stands_is_kept_shorter_than_one_that_goes_by(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.004)
    in_a_burst = await crowd.fill("caller", are_others=True)
    clock.now_s += STANDING_S
    assert await crowd.fill("another", are_others=True) == 0
    for _ in range(in_a_burst // 2):
        await crowd.leave_one(0.004)
    assert await crowd.fill("later", are_others=True) < in_a_burst // 2


async def test_looking_around_is_refused_first_and_the_home_timeline_last(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=1)
    await crowd.have_seen(0.01)
    let_in: dict[Priority, int] = {}
    for priority in Priority:
        await crowd.fill(priority.name, priority, are_others=True)
        let_in[priority] = len(crowd.queue._line)
    assert let_in[Priority.SHEDDABLE] < let_in[Priority.NORMAL] < let_in[Priority.VITAL]


async def test_a_pause_of_everything_loses_nothing(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.004)
    await crowd.come("before")
    for number in range(
        112
    ):  # The arrivals of 0.8 s at 140 a second, which is 0.56 of the capacity.
        clock.now_s += 0.8 / 112
        await crowd.come(f"meanwhile {number}", Priority.SHEDDABLE)
    await crowd.leave_one(0.0)
    await crowd.come("afterwards")
    assert len(crowd.queue._line) > 100


async def test_a_pause_of_those_at_work_says_nothing_of_how_quick_they_are(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.004)
    while crowd.at_work:
        await crowd.leave_one(0.004)
    for number in range(4):
        await crowd.come(f"before {number}")
    await crowd.leave_one(0.8)
    for _ in range(3):
        await crowd.leave_one(0.0)
    let_in = await crowd.fill("afterwards", Priority.NORMAL, are_others=True)
    assert let_in > WAIT_S / 0.008


async def test_what_stays_slow_is_noticed_after_a_second(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.004)
    while crowd.at_work:
        await crowd.leave_one(0.004)
    for number in range(40):
        await crowd.come(f"slow {number}")
        await crowd.leave_one(0.4)
    let_in = await crowd.fill("afterwards", Priority.NORMAL, are_others=True)
    assert let_in == pytest.approx(WAIT_S / 0.1, abs=3)


async def test_a_caller_with_thousands_of_requests_delays_others_by_its_share(
    clock: Clock,
) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.005)
    await crowd.fill("rude")
    for number in range(20):
        assert crowd.queue.expected_s(f"polite {number}") < WAIT_S / 2
        await crowd.come(f"polite {number}", Priority.SHEDDABLE)
    assert crowd.queue.expected_s("rude") > WAIT_S


async def test_a_caller_alone_may_use_all_of_it(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=4)
    await crowd.have_seen(0.005)
    let_in = await crowd.fill("alice", Priority.NORMAL)
    assert let_in == pytest.approx(WAIT_S / 0.005, rel=0.1)


async def test_a_request_whose_deadline_passes_gives_its_place_up() -> None:
    queue = WorkQueue(QueueRules(at_work_max=1))
    began_s = await queue.enter(Priority.NORMAL, "alice")
    with deadline_within(20), pytest.raises(Overloaded):
        await queue.enter(Priority.NORMAL, "bob")
    queue.leave(began_s)
    async with asyncio.timeout(1):
        await queue.enter(Priority.NORMAL, "carol")


@pytest.mark.parametrize("has_its_turn", [False, True])
async def test_a_caller_that_goes_away_keeps_no_place(*, has_its_turn: bool) -> None:
    queue = WorkQueue(QueueRules(at_work_max=1))
    began_s = await queue.enter(Priority.NORMAL, "alice")
    gone = asyncio.create_task(queue.enter(Priority.NORMAL, "bob"))

    def waits() -> None:
        assert queue.is_pressed

    await eventually(waits)
    if has_its_turn:
        queue.leave(began_s)
        gone.cancel()
    else:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        queue.leave(began_s)
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(1):
        await queue.enter(Priority.NORMAL, "carol")


COMINGS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 4), st.booleans()))


@given(COMINGS)
def test_every_place_is_handed_out_once_and_each_callers_in_order(
    comings: list[tuple[str, int, bool]],
) -> None:
    async def run() -> None:
        line = Line()
        came: dict[str, list[asyncio.Future[None]]] = defaultdict(list)
        went = []
        for caller, share, one_leaves in comings:
            came[caller].append(line.join(caller, share))
            if one_leaves and (place := line.next()) is not None:
                went.append(place)
            assert len(line) == sum(map(len, came.values())) - len(went)
        while (place := line.next()) is not None:
            went.append(place)
        assert len(went) == len(comings) == len(set(went))
        for places in came.values():
            assert sorted(places, key=went.index) == places
        assert (len(line), line._aside, line._in_line) == (0, {}, {})

    asyncio.run(run())


async def test_a_larger_limiter_lets_waiting_requests_begin_at_once(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=1)
    for caller in "abcd":
        await crowd.come(caller)
    assert [caller for caller, _began_s in crowd.at_work] == ["a"]
    crowd.queue.resize(3)
    await eventually(lambda: _require([caller for caller, _s in crowd.at_work], ["a", "b", "c"]))


async def test_a_smaller_limiter_begins_nothing_until_enough_have_left(clock: Clock) -> None:
    crowd = Crowd(clock, at_work_max=3)
    for caller in "abcd":
        await crowd.come(caller)
    crowd.queue.resize(1)
    for _ in range(2):
        _caller, began_s = crowd.at_work.pop(0)
        crowd.queue.leave(began_s)
    assert [caller for caller, _began_s in crowd.at_work] == ["c"]
    await crowd.leave_one(after_s=0.01)
    await eventually(lambda: _require([caller for caller, _s in crowd.at_work], ["d"]))


def _require(found: list[str], wanted: list[str]) -> None:
    assert found == wanted

"""Which parts of traces are kept, and who tells whom."""

import time
from collections.abc import Sequence
from math import inf

import pytest

from shared.tracing.frames import (
    AFTERWARDS_S,
    CALL,
    NOTES_MAX,
    REDIS,
    Frame,
    Note,
    calling_frame,
    carried,
    current_frame,
)
from shared.tracing.held_frames import HELD_MAX, HOLD_S
from shared.tracing.trace_context import Parent
from shared.tracing.tracer import KEPT_PER_S, SAMPLED_PER_S, Tracer, TraceRules
from tests.eventually import eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NEVER, ALWAYS = TraceRules(share=0.0), TraceRules(share=1.0)


class Kept:
    """Takes what a tracer keeps."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def take(self, frame: Frame, _notes: Sequence[Note], _with_own: bool) -> None:
        self.frames.append(frame)


class Callee:
    """Hears of kept traces."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = {}

    async def tell_to_keep(self, address: str, trace_ids: Sequence[str]) -> None:
        self.told.setdefault(address, []).extend(trace_ids)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def _tracer(kept: Kept, rules: TraceRules) -> Tracer:
    tracer = Tracer()
    tracer.start(rules, kept.take)
    return tracer


def _request(tracer: Tracer, parent: Parent | None = None, outer: Parent | None = None) -> Frame:
    tracer.begin_request(TRACE, parent, outer)
    frame = current_frame.get()
    assert frame is not None
    return frame


def _late(frame: Frame, seconds: float) -> None:
    frame.began_s -= seconds


async def test_the_edge_samples_its_share_and_callees_follow_it(kept: Kept) -> None:
    sampling, sampled = _tracer(kept, NEVER), Parent(TRACE, 7, is_sampled=True)
    edge, callee = _request(sampling), _request(sampling, sampled)
    sampling.end(edge, "")
    sampling.end(callee, "")
    assert kept.frames == [callee]
    all_of_them = _tracer(kept, ALWAYS)
    edge, unsampled = _request(all_of_them), _request(all_of_them, Parent(TRACE, 7, False))
    all_of_them.end(edge, "")
    all_of_them.end(unsampled, "")
    assert kept.frames == [callee, edge]


async def test_a_trace_from_outside_is_a_link_and_decides_nothing(kept: Kept) -> None:
    outer = Parent("f" * 32, 9, is_sampled=True)
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer, outer=outer)
    assert (frame.trace_id, frame.parent_id, frame.is_sampled) == (TRACE, 0, False)
    assert frame.origins == (outer,)
    tracer.end(frame, "")
    assert kept.frames == []


async def test_the_edge_keeps_what_was_slow_or_failed_and_tells_whom_it_called(kept: Kept) -> None:
    tracer, users = _tracer(kept, NEVER), Callee()
    slow, failed, well = _request(tracer), _request(tracer), _request(tracer)
    for frame in (slow, failed, well):
        frame.note(
            CALL, users, ("GET", "/x", ["127.0.0.1", "127.0.0.2"]), time.perf_counter(), "", 5
        )
        frame.note(REDIS, "redis", "GET", time.perf_counter(), "")
    _late(slow, NEVER.slow_s)
    tracer.end(slow, "")
    tracer.end(failed, "503")
    tracer.end(well, "")
    assert kept.frames == [slow, failed]

    async def both_were_told() -> None:
        assert users.told == {"127.0.0.1": [TRACE], "127.0.0.2": [TRACE]}

    await eventually(both_were_told)


@pytest.mark.parametrize("as_callee", [False, True])
@pytest.mark.parametrize(
    ("patience", "took", "is_slow"),
    [
        (1.0, 0.9, False),
        (1.0, 1.0, True),
        (10.0, 9.0, False),
        (10.0, 10.0, True),
        (inf, 1e6, False),
    ],
)
async def test_what_takes_long_by_its_nature_is_slow_later(
    kept: Kept, patience: float, took: float, is_slow: bool, as_callee: bool
) -> None:
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer, Parent(TRACE, 7, is_sampled=False) if as_callee else None)
    _late(frame, took * NEVER.slow_s)
    if as_callee:
        assert tracer.decides_to_keep(frame, "", patience=lambda: patience) is is_slow
    tracer.end(frame, "", patience=lambda: patience)
    assert kept.frames == [frame] * is_slow


async def test_a_callee_holds_its_part_until_it_is_told(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    ended = _request(tracer, Parent(TRACE, 7, is_sampled=False))
    running = _request(tracer, Parent(TRACE, 8, is_sampled=False))
    tracer.end(ended, "")
    assert kept.frames == []
    tracer.keep([TRACE, "f" * 32])
    assert kept.frames == [ended]
    tracer.end(running, "")
    assert kept.frames == [ended, running]


async def test_a_slow_callee_says_so_before_its_reply(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer, Parent(TRACE, 7, is_sampled=False))
    assert not tracer.decides_to_keep(frame, "")
    _late(frame, NEVER.slow_s)
    assert tracer.decides_to_keep(frame, "")
    tracer.end(frame, "")
    assert kept.frames == [frame]


async def test_a_caller_keeps_what_its_callee_keeps(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer)
    frame.must_keep = frame.is_notable = True
    tracer.end(frame, "")
    assert kept.frames == [frame]


async def test_parts_are_held_for_a_while_and_in_a_number(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    for number in range(HELD_MAX + 10):
        tracer.end(_request(tracer, Parent(f"{number:032x}", 7, is_sampled=False)), "")
    tracer.keep([f"{number:032x}" for number in range(10)])
    assert kept.frames == []
    newest = f"{HELD_MAX + 9:032x}"
    tracer.keep([newest])
    assert [frame.trace_id for frame in kept.frames] == [newest]
    old = _request(tracer, Parent(TRACE, 7, is_sampled=False))
    tracer.end(old, "")
    old.ended_s -= HOLD_S + 1
    tracer.keep([TRACE])
    assert [frame.trace_id for frame in kept.frames] == [newest]


async def test_an_outage_keeps_some_traces_and_not_all(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    for _number in range(int(KEPT_PER_S) * 10):
        tracer.end(_request(tracer), "503")
    assert KEPT_PER_S <= len(kept.frames) < KEPT_PER_S * 5


@pytest.mark.parametrize("parent", [None, Parent(TRACE, 7, is_sampled=True)])
async def test_sampled_traces_have_a_bound_too(kept: Kept, parent: Parent | None) -> None:
    tracer = _tracer(kept, ALWAYS)
    for _number in range(int(SAMPLED_PER_S) * 3):
        frame = _request(tracer, parent)
        tracer.decides_to_keep(frame, "")
        tracer.end(frame, "")
    assert SAMPLED_PER_S <= len(kept.frames) < SAMPLED_PER_S * 3


async def test_a_slow_one_beyond_the_rate_of_the_sampled_is_kept(kept: Kept) -> None:
    tracer = _tracer(kept, ALWAYS)
    frame = _request(tracer)
    frame.is_refused = True
    _late(frame, ALWAYS.slow_s)
    tracer.end(frame, "")
    assert kept.frames == [frame]


async def test_a_job_belongs_to_its_sampled_request_and_links_to_another(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    sampled, other = Parent(TRACE, 7, is_sampled=True), Parent("f" * 32, 8, is_sampled=False)
    job = tracer.begin_job("job fan_out", TRACE, [other, sampled])
    assert job is not None
    assert (job.trace_id, job.parent_id, job.origins) == (TRACE, 7, (other,))
    failed = tracer.begin_job("job fan_out", "f" * 32, [other])
    assert failed is not None
    assert (failed.trace_id, failed.parent_id, failed.origins) == ("f" * 32, 0, (other,))
    tracer.end(job, "")
    tracer.end(failed, "failed")
    assert kept.frames == [job, failed]


async def test_the_notes_of_a_request_have_a_bound(kept: Kept) -> None:
    frame = _request(_tracer(kept, NEVER))
    for _number in range(NOTES_MAX + 10):
        frame.note(REDIS, "redis", "GET", time.perf_counter(), "")
    assert len(frame.notes) == NOTES_MAX


async def test_a_task_that_outlives_its_request_for_long_notes_nothing(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer)
    tracer.end(frame, "")
    frame.note(REDIS, "redis", "GET", time.perf_counter(), "")
    frame.ended_s -= AFTERWARDS_S
    frame.note(REDIS, "redis", "GET", time.perf_counter(), "")
    assert len(frame.notes) == 1


async def test_what_lives_on_after_a_request_leaves_its_trace(kept: Kept) -> None:
    tracer = _tracer(kept, NEVER)
    frame = _request(tracer)
    said = carried()
    assert said is not None
    assert said.startswith(TRACE)
    tracer.end(frame, "")
    assert calling_frame() is frame
    frame.ended_s -= 60.0
    assert calling_frame() is None


def test_without_a_start_nothing_is_noted() -> None:
    tracer = Tracer()
    current_frame.set(None)
    tracer.begin_request(TRACE, None, None)
    assert current_frame.get() is None
    assert tracer.begin_job("job", None, []) is None

"""Held frames have a bound in time, in number, and in what they hold."""

import time

from hypothesis import given
from hypothesis import strategies as st

from shared.tracing.frames import NOTES_MAX, REDIS, Frame
from shared.tracing.held_frames import HELD_MAX, HELD_NOTES_MAX, HOLD_S, HeldFrames

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def _ended(notes: int, ended_s: float) -> Frame:
    frame = Frame(TRACE, 7, False, True)
    frame.notes = [(REDIS, "redis", "GET", ended_s, ended_s, "", 0)] * notes
    frame.ended_s = ended_s
    return frame


def _held(frames: HeldFrames) -> list[Frame]:
    return list(frames.of({TRACE}, 0.0))


rushes = st.lists(
    st.tuples(
        st.integers(1, HELD_MAX),
        st.integers(0, NOTES_MAX),
        st.floats(0, 3 * HOLD_S),
    ),
    max_size=5,
)


@given(rushes=rushes)
def test_no_rush_of_requests_is_held_beyond_the_bounds(
    rushes: list[tuple[int, int, float]],
) -> None:
    held, now_s = HeldFrames(), time.perf_counter()
    for number, notes, pause_s in rushes:
        now_s += pause_s
        frame = _ended(notes, now_s)
        for _ in range(number):
            held.hold(frame)
        found = _held(held)
        assert found[-1] is frame
        assert len(found) == len(held) <= HELD_MAX
        assert held.notes == sum(len(each.notes) for each in found) <= HELD_NOTES_MAX


def test_after_a_rush_a_few_requests_free_what_is_old() -> None:
    held = HeldFrames()
    for _number in range(HELD_MAX):
        held.hold(_ended(1, 1000.0))
    for _number in range(HELD_MAX // 32 + 1):
        held.hold(_ended(1, 1000.0 + HOLD_S + 1))
    assert {frame.ended_s for frame in _held(held)} == {1000.0 + HOLD_S + 1}


def test_only_young_frames_of_the_trace_that_are_not_kept_are_found() -> None:
    held = HeldFrames()
    old, kept, other, wanted = (_ended(0, at_s) for at_s in (1000.0, 1005.0, 1005.0, 1005.0))
    kept.is_kept, other.trace_id = True, "f" * 32
    for frame in (old, kept, other, wanted):
        held.hold(frame)
    assert list(held.of({TRACE}, 1001.0)) == [wanted]

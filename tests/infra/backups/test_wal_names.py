"""Every gap in a WAL archive is found, and nothing else is reported."""

from hypothesis import given
from hypothesis import strategies as st

from infra.backups.wal_names import holes_in, number_of


def _name(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


def test_a_segment_counts_on_over_the_end_of_a_log() -> None:
    assert number_of("0000000100000000000000FF") + 1 == number_of("000000010000000100000000")


def test_an_unbroken_archive_over_two_timelines_has_no_hole() -> None:
    names = [_name(1), _name(2), _name(2, 2), _name(3, 2)]
    assert list(holes_in(names, first=_name(1), last=_name(3, 2))) == []


@given(
    begin=st.integers(0, 600),
    length=st.integers(1, 40),
    lost=st.sets(st.integers(0, 39)),
)
def test_every_missing_segment_is_in_exactly_one_hole(
    begin: int, length: int, lost: set[int]
) -> None:
    numbers = [begin + offset for offset in range(length)]
    kept = [number for number in numbers if number - begin not in lost]
    names = [_name(number) for number in kept]
    holes = list(holes_in(names, first=_name(numbers[0]), last=_name(numbers[-1])))
    assert sum(hole.count for hole in holes) == length - len(kept)
    assert bool(holes) == (len(kept) < length)


def test_segments_that_were_dropped_at_the_end_are_a_hole_too() -> None:
    (hole,) = holes_in([_name(1), _name(2)], first=_name(1), last=_name(5))
    assert (hole.after, hole.before, hole.count) == (_name(2), "", 3)

"""Skeletons: what they certainly hold, and where they end."""

from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.skeletons import (
    ABOVE_ALL,
    Skeleton,
    page_start,
    skeleton_from_newest,
    skeleton_of,
)

_IDS = st.lists(st.integers(1, 2**62), max_size=60)


def test_arrivals_are_sorted_and_repeats_dropped() -> None:
    skeleton = skeleton_of([b"5", b"9", b"7", b"9", b"5"], b"~0")
    assert skeleton.ids == [9, 7, 5]


def test_ids_at_or_below_the_floor_are_dropped() -> None:
    assert skeleton_of([b"9", b"7", b"5", b"3"], b"~5").ids == [9, 7]
    assert skeleton_of([b"3"], b"~5").ids == []


def test_a_tail_names_the_celebrities_whose_posts_are_to_be_merged() -> None:
    skeleton = skeleton_of([b"9"], b"~5,41,42")
    assert (skeleton.floor, skeleton.celebrity_ids) == (5, (41, 42))


def test_a_page_begins_below_its_cursor() -> None:
    skeleton = Skeleton([9, 7, 5, 3], 0)
    assert skeleton.entries_below(ABOVE_ALL, 2) == [9, 7]
    assert skeleton.entries_below(7, 2) == [5, 3]
    assert skeleton.entries_below(6, 9) == [5, 3]
    assert skeleton.entries_below(3, 2) == []


@given(_IDS, st.integers(0, 2**62), st.integers(1, 10), st.integers(1, 2**63 - 1))
def test_entries_below_an_id_equal_a_plain_filter(
    ids: list[int], floor: int, count: int, before: int
) -> None:
    skeleton = skeleton_of([str(id_).encode() for id_ in ids], b"~%d" % floor)
    expected = sorted({id_ for id_ in ids if floor < id_ < before}, reverse=True)[:count]
    assert skeleton.entries_below(before, count) == expected


def test_one_entry_more_than_fits_becomes_the_floor() -> None:
    assert skeleton_from_newest([9, 7, 5], 3) == Skeleton([9, 7, 5], 0)
    assert skeleton_from_newest([9, 7, 5, 3], 3) == Skeleton([9, 7, 5], 3)


def test_a_page_starts_at_the_newest_or_where_its_cursor_says() -> None:
    assert page_start(None) == ABOVE_ALL
    assert page_start(5) == 5
    assert page_start(2**64 - 1) == ABOVE_ALL


def test_entries_above_a_post_are_the_nearest_ones() -> None:
    skeleton = Skeleton([9, 7, 5, 3], 0)
    assert skeleton.above(3, 2) == [7, 5]
    assert skeleton.above(4, 2) == [7, 5]
    assert skeleton.above(0, 10) == [9, 7, 5, 3]
    assert skeleton.above(9, 5) == skeleton.above(10, 5) == []

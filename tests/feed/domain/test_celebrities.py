"""When an author is a celebrity, and how their posts are merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.celebrities import Delivery, Way, merged, way_of
from services.feed.domain.skeletons import Skeleton

_SKELETONS = st.builds(
    lambda ids, floor: Skeleton(sorted((id_ for id_ in ids if id_ > floor), reverse=True), floor),
    st.sets(st.integers(1, 60), max_size=20),
    st.integers(0, 40),
)


@pytest.mark.parametrize(
    ("followers", "delivery", "way"),
    [
        (99, "push", "push"),
        (100, "push", "rise"),
        (100, "rising", "rise"),
        (99, "rising", "push"),
        (100, "merge", "merge"),
        (80, "merge", "merge"),
        (79, "merge", "push"),
    ],
)
def test_a_post_is_left_to_merging_only_after_all_followers_were_told(
    followers: int, delivery: Delivery, way: Way
) -> None:
    assert way_of(followers, delivery, 100) == way


@given(_SKELETONS, st.lists(_SKELETONS, min_size=1, max_size=4))
def test_a_merge_holds_everything_above_the_highest_floor(
    own: Skeleton, of_authors: list[Skeleton]
) -> None:
    all_of_them = merged(own, of_authors)
    assert all_of_them.floor == max(one.floor for one in (own, *of_authors))
    expected = {id_ for one in (own, *of_authors) for id_ in one.ids if id_ > all_of_them.floor}
    assert all_of_them.ids == sorted(expected, reverse=True)

"""The rounds that pick the newest entries of many authors."""

from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.newest import (
    first_limit_each,
    keep_newest,
    next_limit_each,
    still_open,
)

_POSTS = st.dictionaries(
    st.integers(1, 30), st.sets(st.integers(1, 10_000), max_size=60), max_size=12
)


def _pick(posts: dict[int, set[int]], count: int, limit_each: int) -> tuple[list[int], int, int]:
    """Run the rounds as the action does; returns what is kept, the rounds, and the ids read."""
    open_authors = dict.fromkeys(posts, 10_001)
    kept: list[int] = []
    rounds = read = 0
    while open_authors:
        found = {
            author: sorted((id_ for id_ in posts[author] if id_ < before), reverse=True)[
                :limit_each
            ]
            for author, before in open_authors.items()
        }
        rounds += 1
        read += sum(map(len, found.values()))
        kept = keep_newest(kept, found, count)
        open_authors = still_open(found, kept, count, limit_each)
        limit_each = next_limit_each(limit_each, count)
    return kept, rounds, read


def _own_ids(posts: dict[int, set[int]]) -> dict[int, set[int]]:
    # An id belongs to one author only.
    return {author: {id_ * 31 + author for id_ in ids} for author, ids in posts.items()}


@given(_POSTS, st.integers(1, 40), st.integers(1, 8))
def test_the_rounds_find_exactly_the_newest(
    posts: dict[int, set[int]], count: int, limit_each: int
) -> None:
    posts = {
        author: {id_ for id_ in ids if id_ <= 10_000} for author, ids in _own_ids(posts).items()
    }
    everything = sorted((id_ for ids in posts.values() for id_ in ids), reverse=True)
    kept, _rounds, _read = _pick(posts, count, min(limit_each, count))
    assert kept == everything[:count]


def test_one_busy_author_does_not_deepen_the_reads_of_all_others() -> None:
    posts = {author: {author * 10 + step for step in range(5)} for author in range(1, 200)}
    posts[999] = set(range(5_000, 6_000))
    kept, rounds, read = _pick(posts, 800, first_limit_each(len(posts), 800))
    assert kept == sorted(posts[999], reverse=True)[:800]
    assert rounds <= 3
    assert read < 3_000


def test_the_first_round_is_bounded_for_any_number_of_followees() -> None:
    for authors in (1, 200, 10_000):
        assert authors * first_limit_each(authors, 801) <= 40_000
    assert first_limit_each(0, 21) == 21
    assert first_limit_each(1, 21) == 21

"""The ranked order depends on recency, affinity and engagement."""

import random

from services.feed.domain.popularity import Candidate
from services.feed.domain.ranking import ranked


def _post(post_id: int, author_id: int = 0, likes: int = 0, age_h: float = 1.0) -> Candidate:
    return Candidate(post_id, author_id or post_id, likes, 0, age_h)


def test_among_equals_the_newer_comes_first() -> None:
    assert ranked([_post(1), _post(3), _post(2)], {}) == [3, 2, 1]


def test_a_favourite_author_comes_before_a_slightly_newer_post() -> None:
    friend, stranger = _post(1, author_id=7, age_h=3), _post(2, author_id=8, age_h=1)
    assert ranked([friend, stranger], {}) == [2, 1]
    assert ranked([friend, stranger], {7: 6}) == [1, 2]


def test_a_much_liked_post_comes_before_a_slightly_newer_one() -> None:
    liked, later = _post(1, likes=200, age_h=3), _post(2, age_h=1)
    assert ranked([liked, later], {}) == [1, 2]


def test_an_old_post_does_not_stay_at_the_top() -> None:
    liked, fresh = _post(1, author_id=7, likes=200, age_h=24 * 7), _post(2, age_h=1)
    assert ranked([liked, fresh], {7: 3}) == [2, 1]


def test_the_order_does_not_depend_on_the_order_of_input() -> None:
    posts = [_post(n, author_id=n % 9, likes=n % 5, age_h=n % 7) for n in range(1, 100)]
    shuffled = posts.copy()
    random.Random(1).shuffle(shuffled)
    assert ranked(posts, {1: 2, 5: 4}) == ranked(shuffled, {1: 2, 5: 4})

"""Popular posts are liked, discussed and recent; each author has one."""

import random

from services.feed.domain.popularity import Candidate, most_popular


def _post(
    post_id: int, author_id: int = 0, likes: int = 0, comments: int = 0, age_h: float = 1.0
) -> Candidate:
    return Candidate(post_id, author_id or post_id, likes, comments, age_h)


def test_more_likes_and_comments_come_first() -> None:
    posts = [_post(1), _post(2, likes=3), _post(3, comments=2), _post(4, likes=9)]
    assert most_popular(posts, 10) == [4, 3, 2, 1]


def test_older_posts_score_less() -> None:
    fresh, old = _post(1, likes=10, age_h=1), _post(2, likes=60, age_h=24)
    assert most_popular([old, fresh], 10) == [1, 2]
    much_liked = _post(3, likes=2000, age_h=24)
    assert most_popular([fresh, much_liked], 10) == [3, 1]


def test_only_the_best_post_of_an_author_is_listed() -> None:
    posts = [_post(1, author_id=7, likes=1), _post(2, author_id=7, likes=5), _post(3, author_id=8)]
    assert most_popular(posts, 10) == [2, 3]


def test_the_order_does_not_depend_on_the_order_of_input() -> None:
    posts = [_post(n, author_id=1 + n % 30, likes=n % 4, age_h=n % 3) for n in range(1, 200)]
    shuffled = posts.copy()
    random.Random(1).shuffle(shuffled)
    assert most_popular(posts, 20) == most_popular(shuffled, 20)
    assert len(most_popular(posts, 20)) == 20


def test_a_post_from_a_clock_ahead_counts_as_new() -> None:
    assert most_popular([_post(1, age_h=-0.5), _post(2, age_h=0)], 10) == [2, 1]

"""The follow graph of the bench: few whom all follow, many whom hardly anybody does."""

from collections import Counter

from bench.bench_world import PEOPLE, POSTS_EACH, follows

PAGE_POSTS = 20


def test_followers_fall_with_the_rank() -> None:
    followers = Counter(followee for _, followee in follows(PEOPLE))
    counts = [followers[rank] for rank in range(PEOPLE)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == PEOPLE - 1
    assert 1 <= counts[-1] < PEOPLE / 4


def test_nobody_follows_somebody_twice_or_themselves() -> None:
    pairs = follows(PEOPLE)
    assert len(set(pairs)) == len(pairs)
    assert all(follower != followee for follower, followee in pairs)


def test_everybody_follows_enough_for_a_whole_page() -> None:
    following = Counter(follower for follower, _ in follows(PEOPLE))
    assert all((following[one] + 1) * POSTS_EACH >= PAGE_POSTS for one in range(PEOPLE))

"""The world of the demo is realistic, skewed, and the same each time."""

from collections import Counter

import pytest

from infra.demo.world import World, compose_world


@pytest.fixture(scope="module")
def world() -> World:
    return compose_world(220, 640, seed=7)


def test_the_same_numbers_compose_the_same_world(world: World) -> None:
    assert compose_world(220, 640, seed=7) == world
    assert compose_world(220, 640, seed=8) != world


def test_usernames_keep_the_rules_and_are_all_different(world: World) -> None:
    names = {person.username for person in world.people}
    assert len(names) == 220
    assert all(len(name) <= 30 and name.replace(".", "").isalpha() for name in names)


def test_nobody_follows_themselves_or_anyone_twice(world: World) -> None:
    assert len(set(world.follows)) == len(world.follows)
    assert all(follower != followee for follower, followee in world.follows)


def test_a_few_are_followed_by_most_and_most_by_a_few(world: World) -> None:
    followers = sorted(Counter(followee for _, followee in world.follows).values(), reverse=True)
    assert followers[0] > 220 * 0.6
    assert followers[110] < 220 * 0.1


def test_everybody_follows_somebody_and_has_posted(world: World) -> None:
    everybody = set(range(220))
    assert {follower for follower, _ in world.follows} == everybody
    assert {post.author for post in world.posts} == everybody
    assert len(world.posts) == 640


def test_people_like_each_post_of_those_they_follow_at_most_once(world: World) -> None:
    follows = set(world.follows)
    assert len(set(world.likes)) == len(world.likes) > 1000
    assert all((fan, world.posts[number].author) in follows for fan, number in world.likes)

"""The demo's world: its people, follows, posts and likes."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from infra.demo.vocabulary import CAPTIONS, DEVICES, FAMILY_NAMES, GIVEN_NAMES, MENTIONS, PLACES

# Everybody who runs the demo knows this password; the accounts contain nothing private.
PASSWORD = "retrato-demo"  # noqa: S105

# Fame falls with rank as in photo networks, where most people follow the first few.
_FAME_EXPONENT = 0.9
_FOLLOWS_MEDIAN = 12
_FOLLOWS_SHARE_MAX = 0.4
_POSTS_OF_EVERYBODY = 1
# Everybody likes some of the posts that they see, and more of the popular ones.
_LIKED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account; `rank` 0 is the most followed."""

    rank: int
    username: str
    device: str

    @property
    def email(self) -> str:
        """An e-mail address that reaches nobody."""
        return f"{self.username}@demo.example"


@dataclass(frozen=True, slots=True)
class DemoPost:
    """A post; `author` is a rank."""

    number: int
    author: int
    kind: str
    pictures: tuple[int, ...]
    caption: str
    place: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class World:
    """The world, by index: follows are (follower, followee), likes (person, post number)."""

    people: tuple[DemoPerson, ...]
    follows: tuple[tuple[int, int], ...]
    posts: tuple[DemoPost, ...]
    likes: tuple[tuple[int, int], ...]

    def followees_of(self, person: int) -> int:
        """Return the number of people that a person follows."""
        return sum(1 for follower, _ in self.follows if follower == person)

    def posts_of(self, person: int) -> list[DemoPost]:
        """Return a person's posts, oldest first."""
        return [post for post in self.posts if post.author == person]


def compose_world(people_count: int, posts_count: int, seed: int) -> World:
    """Compose a world; equal arguments give equal worlds on any machine and day."""
    rng = random.Random(seed)  # noqa: S311
    people = _people(people_count, rng)
    follows = _follows(people_count, rng)
    posts = _posts(people, posts_count, follows, rng)
    return World(people, follows, posts, _likes(posts, follows, rng))


def _people(count: int, rng: random.Random) -> tuple[DemoPerson, ...]:
    names = [f"{given}.{family}" for given in GIVEN_NAMES for family in FAMILY_NAMES]
    chosen = rng.sample([name for name in names if len(name) <= 30], count)
    return tuple(
        DemoPerson(rank, name, f"{name.split('.')[0].title()}'s {rng.choice(DEVICES)}")
        for rank, name in enumerate(chosen)
    )


def _follows(people_count: int, rng: random.Random) -> tuple[tuple[int, int], ...]:
    fame = [1 / (rank + 1) ** _FAME_EXPONENT for rank in range(people_count)]
    follows: list[tuple[int, int]] = []
    for follower in range(people_count):
        wanted = round(rng.lognormvariate(math.log(_FOLLOWS_MEDIAN), 0.5))
        wanted = max(3, min(wanted, round(people_count * _FOLLOWS_SHARE_MAX), people_count - 1))
        follows += [(follower, followee) for followee in _drawn(follower, wanted, fame, rng)]
    return tuple(follows)


def _drawn(follower: int, wanted: int, fame: Sequence[float], rng: random.Random) -> list[int]:
    # Efraimidis and Spirakis: the largest u^(1/w) are a weighted sample without replacement.
    keys = [(rng.random() ** (1 / weight), rank) for rank, weight in enumerate(fame)]
    keys[follower] = (-1.0, follower)
    return [rank for _, rank in sorted(keys, reverse=True)[:wanted]]


def _posts(
    people: tuple[DemoPerson, ...],
    count: int,
    follows: tuple[tuple[int, int], ...],
    rng: random.Random,
) -> tuple[DemoPost, ...]:
    everybody = list(range(len(people))) * _POSTS_OF_EVERYBODY
    eager = rng.choices(
        range(len(people)),
        [1 / math.sqrt(person.rank + 1) for person in people],
        k=max(0, count - len(everybody)),
    )
    authors = (everybody + eager)[:count]
    rng.shuffle(authors)
    friends = _first_followees(follows)
    return tuple(
        _post(number, author, people[friends[author]].username, rng)
        for number, author in enumerate(authors)
    )


def _first_followees(follows: tuple[tuple[int, int], ...]) -> dict[int, int]:
    starts = [follows[0], *(after for before, after in pairwise(follows) if before[0] != after[0])]
    return dict(starts)


def _post(number: int, author: int, friend: str, rng: random.Random) -> DemoPost:
    kind = rng.choice(list(CAPTIONS))
    caption = rng.choice(CAPTIONS[kind])
    if rng.random() < 0.2:
        caption += " " + rng.choice(MENTIONS).format(name=friend)
    name, lat, lng = rng.choice(PLACES[kind])
    pictures = 1 if rng.random() < 0.96 else rng.randint(2, 3)
    return DemoPost(
        number=number,
        author=author,
        kind=kind,
        pictures=tuple(rng.getrandbits(32) for _ in range(pictures)),
        caption=caption,
        place={"name": name, "lat": lat, "lng": lng} if rng.random() < 0.4 else None,
    )


def _likes(
    posts: tuple[DemoPost, ...], follows: tuple[tuple[int, int], ...], rng: random.Random
) -> tuple[tuple[int, int], ...]:
    followers: dict[int, list[int]] = {}
    for follower, followee in follows:
        followers.setdefault(followee, []).append(follower)
    likes: list[tuple[int, int]] = []
    for post in posts:
        appeal = min(1.0, rng.lognormvariate(math.log(_LIKED_SHARE), 0.7))
        fans = [fan for fan in followers.get(post.author, []) if rng.random() < appeal]
        likes += [(fan, post.number) for fan in fans]
    rng.shuffle(likes)
    return tuple(likes)

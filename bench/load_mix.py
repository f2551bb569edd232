"""The requests of phones over a day: a mix, a skewed graph, and peaks by region."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import orjson

from bench.bench_world import World, popularity
from tests.journeys.phone import Phone

# Percentages of requests, as in photo networks. Profiles also stand for their stories.
MIX = {
    "home": 26,
    "person's posts": 25,
    "profile": 25,
    "activity": 16,
    "seen": 3,
    "like": 5,
}
# The percentage of requests that upload a photo and publish it.
PUBLISHED_SHARE = 1.0
# Three regions: the fraction of people, and the hour (UTC) of their evening peak.
_REGIONS = ((0.45, 2.0), (0.35, 19.0), (0.20, 12.0))
_NIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Ask:
    """A request and its name in the report."""

    kind: str
    request: httpx.Request


def rate_at(hour: float) -> float:
    """Return the rate at an hour of the day as a fraction of the peak."""
    return _raw_rate(hour) / _PEAK


def _raw_rate(hour: float) -> float:
    return sum(
        share * (_NIGHT + (1 - _NIGHT) * (1 + math.cos((hour - peak) / 24 * 2 * math.pi)) / 2)
        for share, peak in _REGIONS
    )


_PEAK = max(_raw_rate(hour / 10) for hour in range(240))


def asks(world: World, seed: int = 7) -> Iterator[Ask]:
    """Yield requests without end; a seed always gives the same order."""
    rng = random.Random(seed)
    weights = popularity(len(world.people))
    kinds, shares = list(MIX), list(MIX.values())
    while True:
        kind = rng.choices(kinds, shares)[0]
        viewer = rng.choice(world.people)
        number = rng.choices(range(len(world.people)), weights)[0]
        yield Ask(kind, _request(world, kind, viewer, number))


def _request(world: World, kind: str, viewer: Phone, number: int) -> httpx.Request:
    other = world.people[number]
    match kind:
        case "home":
            return world.request("GET", "/v1/timelines/home", viewer)
        case "person's posts":
            return world.request("GET", f"/v1/users/{other.id}/posts", viewer)
        case "profile":
            return world.request("GET", f"/v1/users/{other.id}", viewer)
        case "activity":
            return world.request("GET", "/v1/activity", viewer)
        case "seen":
            return world.request("PUT", "/v1/activity/seen", viewer)
    return world.request("PUT", f"/v1/posts/{world.posts[number]['id']}/like", viewer)


async def publish_one(world: World, picture: bytes, rng: random.Random) -> int:
    """Upload a photo and publish it; returns the status of the upload if that failed."""
    phone = rng.choice(world.people)
    upload = world.request("POST", "/v1/photos", phone, content=picture, Content_Type="image/jpeg")
    reply = await world.send(upload)
    if reply.status_code != 202:
        return reply.status_code
    draft = {"photo_ids": [orjson.loads(reply.content)["photo"]["id"]], "caption": "load"}
    request = world.request(
        *("POST", "/v1/posts", phone),
        content=orjson.dumps(draft),
        Content_Type="application/json",
    )
    return (await world.send(request)).status_code

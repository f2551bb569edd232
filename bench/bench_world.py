"""Creates people with posts who follow each other, and makes the requests of their phones."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from infra.automation.standstill import automation_off
from shared.service_client.http1_exchange import Http1Exchange
from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of, picture
from tests.suite import Suite

PEOPLE = 24
POSTS_EACH = 2
# Zipf's law: a person's popularity is that of the first person, divided by the person's rank.
_ZIPF = 1.0
# Popularity is scaled so that everybody follows the first four people. Then each person follows at
# least ten others, and a home timeline has at least 20 posts.
_FOLLOWED_BY_ALL = 4
_AT_ONCE = 8
_TIMEOUT_S = 15.0
_PROCESSED_WITHIN_S = 60.0


@dataclass
class World:
    """The people, most popular first, and their posts; the n-th post is by the n-th person."""

    suite: Suite
    people: list[Phone]
    posts: list[dict[str, Any]]
    exchanges: list[tuple[Http1Exchange, str]]

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request through a random balancer over a kept connection."""
        exchange, address = random.choice(self.exchanges)
        return await exchange.send(request, address, _TIMEOUT_S)

    def request(
        self, method: str, path: str, phone: Phone, *, content: bytes = b"", **headers: str
    ) -> httpx.Request:
        """Make a request with the phone's token; underscores in header names become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = phone.http.headers["Authorization"]
        return httpx.Request(method, self.suite.public_url + path, content=content, headers=named)

    def looked_at(self) -> Phone:
        """Draw a person, weighted by popularity."""
        return random.choices(self.people, popularity(len(self.people)))[0]


def popularity(people: int) -> list[float]:
    """Return the relative popularity of each rank, 1 for the first."""
    return [1 / (rank + 1) ** _ZIPF for rank in range(people)]


def follows(people: int, seed: int = 11) -> list[tuple[int, int]]:
    """Return pairs of follower and followee by rank; popularity decides the number of followers.

    The people who follow the fewest others come first, so home timelines have similar lengths.
    """
    rng = random.Random(seed)
    following = [0] * people
    pairs = []
    for followee, share in enumerate(popularity(people)):
        others = [person for person in range(people) if person != followee]
        others.sort(key=lambda person: (following[person], rng.random()))
        count = min(people - 1, max(1, round((people - 1) * share * _FOLLOWED_BY_ALL)))
        for follower in others[:count]:
            following[follower] += 1
            pairs.append((follower, followee))
    return pairs


@asynccontextmanager
async def bench_world(suite: Suite) -> AsyncIterator[World]:
    """Create a new world, and wait until everybody's home timeline is complete.

    Automation is off meanwhile, because figures belong to one number of processes.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(automation_off(suite.on_disk.folder))
        people = await some_at_once(
            stack.enter_async_context(phone_of(suite.public_url, "bench")) for _ in range(PEOPLE)
        )
        await some_at_once(people[one].follow(people[other]) for one, other in follows(PEOPLE))
        posts: list[dict[str, Any]] = []
        for _ in range(POSTS_EACH):
            posts += await some_at_once(map(_post, people))
        nginx = suite.plan.nginx
        exchanges = [
            (
                Http1Exchange(httpx.URL(f"http://{address}:{nginx.port}"), None, patience_s=0),
                address,
            )
            for address in nginx.replicas
        ]
        world = World(suite, people, posts, exchanges)
        # Everybody follows the first person, whose last post shows that the fan-out has arrived.
        for person in people:
            await person.sees(posts[-len(people)]["id"], within_s=60)
        yield world


async def _post(person: Phone) -> dict[str, Any]:
    # A small picture, because its size does not affect what is measured.
    photo = await person.upload(picture(240, 300))
    # On a busy machine the processing may take longer than publishing waits for it.
    return await eventually(
        lambda: person.publish(photo, caption="Fog #bench"), within_s=_PROCESSED_WITHIN_S
    )


async def some_at_once(calls: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Await all calls, eight at a time; returns their results in order."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(call: Coroutine[Any, Any, Any]) -> Any:
        async with slots:
            return await call

    return await asyncio.gather(*map(one, calls))


def with_comment(picture: bytes) -> bytes:
    """Add a random comment to a JPEG, because equal bytes would be the same photo."""
    text = secrets.token_hex(16).encode()
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]

"""People with posts who follow each other, and the requests that their phones send."""

import random
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from shared.web.http1_exchange import Http1Exchange
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite

PEOPLE = 24
# More than a page: every home timeline has its 20 posts.
POSTS_EACH = 1
_TIMEOUT_S = 15.0


@dataclass
class World:
    """Who is there; `send` is one request through a balancer over a kept connection."""

    suite: Suite
    people: list[Phone]
    posts: list[dict[str, str]]
    exchanges: list[tuple[Http1Exchange, str]]

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Through one of the balancers, by chance."""
        exchange, address = random.choice(self.exchanges)
        return await exchange.send(request, address, _TIMEOUT_S)

    def request(
        self, method: str, path: str, phone: Phone, *, content: bytes = b"", **headers: str
    ) -> httpx.Request:
        """As the phone would send it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = phone.http.headers["Authorization"]
        return httpx.Request(method, self.suite.public_url + path, content=content, headers=named)


@asynccontextmanager
async def bench_world(suite: Suite) -> AsyncIterator[World]:
    """Made anew; everybody's home timeline is warm."""
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(phone_of(suite.public_url, "bench"))
            for _ in range(PEOPLE)
        ]
        for person in people:
            for other in people:
                if other is not person:
                    await person.follow(other)
        posts = [await person.post("Fog #bench") for person in people for _ in range(POSTS_EACH)]
        nginx = suite.topology.nginx
        exchanges = [
            (Http1Exchange(httpx.URL(f"http://{address}:{nginx.port}"), None), address)
            for address in nginx.replicas
        ]
        for person in people:
            await person.sees(posts[-1]["id"], within_s=30)
        yield World(suite, people, posts, exchanges)


def with_comment(picture: bytes) -> bytes:
    """The same JPEG with other bytes: the same ones again would be the same photo."""
    text = secrets.token_hex(16).encode()
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]

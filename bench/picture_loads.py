"""Counts what pictures of home timelines cost a reader, by the way in which the phone caches them.

The reader opens 200 pages within six lifetimes of a picture's address: within an hour, if an
address lives ten minutes. For a quick run, let addresses live 20 s (`media_url_seconds`).
"""

import asyncio
import os
import time
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.bench_world import some_at_once
from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite
from tests.upload.pictures import jpeg, photograph

PAGES = 200
PAGES_A_VISIT = 3
LIFETIMES = 6
POSTS = 60
VISITS_A_NEW_POST = 10
RENDITION = "medium"


@dataclass
class Loader(ABC):
    """Loads pictures as one kind of phone does, and counts requests and bytes of bodies."""

    http: httpx.AsyncClient
    requests: int = 0
    bytes: int = 0

    @abstractmethod
    async def show(self, rendition: dict[str, Any]) -> None:
        """Show a picture, requested or from a cache."""

    async def _fetch(self, url: str) -> httpx.Response:
        reply = await self.http.get(url)
        reply.raise_for_status()
        self.requests += 1
        self.bytes += len(reply.content)
        return reply


class NoCache(Loader):
    """Requests every picture each time."""

    async def show(self, rendition: dict[str, Any]) -> None:
        """Request it."""
        await self._fetch(rendition["url"])


@dataclass
class HttpCache(Loader):
    """Keeps replies by address for their `max-age`, as RFC 9111 allows; nothing is displaced."""

    ends_at_s: dict[str, float] = field(default_factory=dict)

    async def show(self, rendition: dict[str, Any]) -> None:
        """Request it unless the address lives on."""
        url = rendition["url"]
        if self.ends_at_s.get(url, 0.0) <= time.monotonic():
            reply = await self._fetch(url)
            max_age = reply.headers["cache-control"].partition("max-age=")[2].partition(",")[0]
            self.ends_at_s[url] = time.monotonic() + int(max_age)


@dataclass
class KeyCache(Loader):
    """Keeps pictures by `cache_key` for ever."""

    kept: set[str] = field(default_factory=set)

    async def show(self, rendition: dict[str, Any]) -> None:
        """Request it the first time."""
        if rendition["cache_key"] not in self.kept:
            await self._fetch(rendition["url"])
            self.kept.add(rendition["cache_key"])


async def main() -> None:
    """Run against the suite that is up, and print a table."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    async with AsyncExitStack() as stack:
        author, reader = [
            await stack.enter_async_context(phone_of(suite.public_url, name))
            for name in ("author", "reader")
        ]
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        await reader.follow(author)
        await some_at_once(_post(author) for _ in range(POSTS))
        loaders = [NoCache(http), HttpCache(http), KeyCache(http)]
        await _read(suite.plan.limits.media_url_seconds, author, reader, loaders)
    print("| pictures are kept | requests | MB |\n|---|---|---|")
    for loader in loaders:
        print(f"| {type(loader).__name__} | {loader.requests:,} | {loader.bytes / 1e6:.1f} |")


async def _read(lifetime_s: int, author: Phone, reader: Phone, loaders: list[Loader]) -> None:
    visits = -(-PAGES // PAGES_A_VISIT)
    begun_s = time.monotonic()
    for visit in range(visits):
        if visit % VISITS_A_NEW_POST == 0:
            await reader.sees((await _post(author))["id"])
        await asyncio.sleep(
            max(0.0, begun_s + visit * LIFETIMES * lifetime_s / visits - time.monotonic())
        )
        cursor: dict[str, Any] = {}
        for _ in range(PAGES_A_VISIT):
            page = await reader.get("/v1/timelines/home", **cursor)
            shown = [_rendition(post) for post in page["items"]]
            for loader in loaders:
                await asyncio.gather(*map(loader.show, shown))
            cursor = {"cursor": page["next_cursor"]}


def _rendition(post: dict[str, Any]) -> dict[str, Any]:
    renditions = post["photos"][0]["renditions"]
    return dict(next(each for each in renditions if each["name"] == RENDITION))


async def _post(author: Phone) -> dict[str, Any]:
    photo_id = await author.upload(jpeg(photograph(1080, 1350)))
    return await eventually(lambda: author.publish(photo_id), within_s=60)


if __name__ == "__main__":
    asyncio.run(main())

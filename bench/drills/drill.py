"""What all drills use: the suite, its people, a steady load, and ways to break and repair."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import orjson

from bench.bench_world import World, with_comment
from bench.cpu_meter import process_trees
from bench.drills.finding import say
from bench.load_mix import asks
from bench.open_loop import Answers, Exchanges, open_loop
from tests.eventually import eventually
from tests.journeys.phone import Phone, picture, sign_in
from tests.suite import Suite

# Long enough for a drill of rolling restarts.
LOAD_S_MAX = 900.0
REQUESTS = 800
SHARE_OF_THE_KNEE = 0.7
TOLD_EVERY_S = 5.0
WELL_AGAIN_S = 60.0
WELL_RATE = 10.0
# Percentages of further requests, besides the mix of `make load`. They give upload work, and write
# with idempotency records.
EXTRA = {"photo": 8.0, "upload": 1.0, "comment": 3.0}


@dataclass(frozen=True, slots=True)
class Drill:
    """The set-up of a drill: `rate` is the load in requests per second.

    `seconds` is how long errors are counted after a kill. `knee` is None if the rate was given.
    """

    suite: Suite
    world: World
    exchanges: Exchanges
    rate: float
    knee: float | None
    seconds: float
    restarts: int

    async def requests(self) -> Sequence[httpx.Request]:
        """Return the mix with fresh sessions, because access tokens last a quarter of an hour."""
        for phone in self.world.people:
            session = await eventually(partial(self._sign_in, phone), within_s=WELL_AGAIN_S)
            phone.http.headers["Authorization"] = f"Bearer {session['access_token']}"
        return mixed_requests(self.world)

    async def _sign_in(self, phone: Phone) -> dict[str, Any]:
        try:
            return await sign_in(self.suite.public_url, phone.username)
        except httpx.TransportError as error:
            raise AssertionError(str(error)) from error

    @asynccontextmanager
    async def load(
        self, requests: Sequence[httpx.Request], rate: float | None = None
    ) -> AsyncIterator[Answers]:
        """Run a steady load during the block; the answers are complete after it."""
        answers = Answers(LOAD_S_MAX)
        chosen = rate or self.rate
        loop = asyncio.create_task(open_loop(self.exchanges, requests, chosen, LOAD_S_MAX, answers))
        teller = asyncio.create_task(_tell(answers))
        try:
            yield answers
        finally:
            answers.seconds = answers.now_s
            await loop
            teller.cancel()

    def replicas(self, service: str) -> list[str]:
        """Return the replicas of a service, without its workers."""
        return [name for name in self.suite.process_names(service) if "worker" not in name]

    def databases(self, service: str) -> list[str]:
        """Return the primaries of a service."""
        group = self.suite.plan.groups[service]
        return [f"postgres-{database.name}" for database in group.databases]

    @asynccontextmanager
    async def dead(self, *names: str) -> AsyncIterator[None]:
        """Kill processes without warning, and keep them down during the block."""
        try:
            pids = process_trees([self.suite.pid(name) for name in names])
            # The supervisor must stop them before they die, or it would restart them at once. They
            # are frozen before that, or they would begin to shut down in good order.
            _signal_all(pids, signal.SIGSTOP)
            stops = [asyncio.create_task(self.suite.stop(name)) for name in names]
            await asyncio.sleep(0)
            _signal_all(pids, signal.SIGKILL)
            await asyncio.gather(*stops)
            yield
        finally:
            for name in names:
                await self.suite.start(name)

    @asynccontextmanager
    async def frozen(self, *names: str) -> AsyncIterator[None]:
        """Freeze processes during the block, so that they neither answer nor close connections."""
        pids = process_trees([self.suite.pid(name) for name in names])
        _signal_all(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal_all(pids, signal.SIGCONT)

    async def is_well(self) -> None:
        """Wait until all processes are healthy, DNS lists all replicas, and requests succeed."""

        async def check() -> None:
            for process in self.suite.processes():
                assert await self.suite.is_healthy(process.name), process.name
            for name, service in self.suite.plan.services.items():
                named = await self.suite.addresses(service.host)
                assert named >= set(service.replicas), name

        await eventually(check, within_s=WELL_AGAIN_S, every_s=0.5)
        await self._callers_see_it()

    async def _callers_see_it(self) -> None:
        """Wait until all requests succeed, so that ejected replicas and databases are in use."""
        requests = mixed_requests(self.world)

        async def check() -> None:
            answers = await open_loop(self.exchanges, requests, WELL_RATE, 3.0)
            assert answers.count(good=True) == len(answers.all)

        try:
            await eventually(check, within_s=WELL_AGAIN_S, every_s=0.5)
        except AssertionError:
            say(f"  some requests still fail {WELL_AGAIN_S:.0f} s after all processes answer")


def mixed_requests(world: World) -> Sequence[httpx.Request]:
    """Return REQUESTS requests of phones, each with its kind, in a fixed random order."""
    rng = random.Random(13)
    stream = asks(world)
    image = picture(240, 300)
    extra = sum(EXTRA.values())
    requests = []
    for _ in range(REQUESTS):
        if rng.random() * 100 < extra:
            kind = rng.choices(list(EXTRA), list(EXTRA.values()))[0]
            request = _EXTRA_REQUESTS[kind](world, rng.randrange(len(world.people)), image)
        else:
            ask = next(stream)
            kind, request = ask.kind, ask.request
        request.extensions["kind"] = kind
        requests.append(request)
    return requests


def _photo(world: World, number: int, _image: bytes) -> httpx.Request:
    photo_id = world.posts[number]["photos"][0]["id"]
    return world.request("GET", f"/v1/photos/{photo_id}", world.people[number])


def _comment(world: World, number: int, _image: bytes) -> httpx.Request:
    return comment_request(world, number, world.posts[0]["id"], "drill")


def _upload(world: World, number: int, image: bytes) -> httpx.Request:
    phone = world.people[number]
    content = with_comment(image)
    return world.request("POST", "/v1/photos", phone, content=content, Content_Type="image/jpeg")


def comment_request(world: World, number: int, post_id: str, text: str) -> httpx.Request:
    """Make the request by which the n-th person comments on a post."""
    return world.request(
        *("POST", f"/v1/posts/{post_id}/comments", world.people[number]),
        content=orjson.dumps({"text": text}),
        Content_Type="application/json",
    )


_EXTRA_REQUESTS: dict[str, Callable[[World, int, bytes], httpx.Request]] = {
    "photo": _photo,
    "upload": _upload,
    "comment": _comment,
}


async def _tell(answers: Answers) -> None:
    told_s = 0.0
    while True:
        await asyncio.sleep(TOLD_EVERY_S)
        now_s = answers.now_s
        part = answers.between(told_s, now_s)
        say(
            f"  good {part.good_per_second:5.0f}/s  p50 {part.ms(0.5, good=True):4.0f}"
            f"  p99 {part.ms(0.99, good=True):5.0f} ms  refused {part.count(good=False)}"
            f"  failed {part.failed}"
        )
        told_s = now_s


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:  # The process, such as a Postgres backend, has ended.
            continue

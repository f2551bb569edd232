"""What all drills work with: the suite, its people, a steady load, and ways to break and mend."""

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
from bench.cpu_meter import process_tree
from bench.drills.finding import say
from bench.load_mix import asks
from bench.open_loop import Answers, Exchanges, open_loop
from tests.eventually import eventually
from tests.journeys.phone import Phone, picture, sign_in
from tests.suite import Suite

# A drill of rolling restarts may take so long.
LOAD_S_MAX = 900.0
REQUESTS = 800
SHARE_OF_THE_KNEE = 0.7
TOLD_EVERY_S = 5.0
WELL_AGAIN_S = 60.0
WELL_RATE = 10.0
# Of a hundred, beside what phones ask for in `make load`: what calls upload, and what is written
# with a key, so that each service has work while it is broken.
EXTRA = {"photo": 8.0, "upload": 1.0, "comment": 3.0}


@dataclass(frozen=True, slots=True)
class Drill:
    """`rate` is that of the load; `seconds` is how long the errors of a kill are counted.

    `knee` is None where the rate was given.
    """

    suite: Suite
    world: World
    exchanges: Exchanges
    rate: float
    knee: float | None
    seconds: float
    restarts: int

    async def requests(self) -> Sequence[httpx.Request]:
        """The mix, by people with fresh sessions: they end after a quarter of an hour."""
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
        """A steady load while the block runs; its answers, all of them there when it has ended."""
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
        """The processes that answer for a service."""
        return [name for name in self.suite.process_names(service) if "worker" not in name]

    def databases(self, service: str) -> list[str]:
        """The primaries of a service."""
        group = self.suite.plan.groups[service]
        return [f"postgres-{database.name}" for database in group.databases]

    @asynccontextmanager
    async def dead(self, *names: str) -> AsyncIterator[None]:
        """They are killed as a machine dies, and stay down while the block runs."""
        try:
            pids = [pid for name in names for pid in process_tree(self.suite.pid(name))]
            # The supervisor is told before they die, or it would have them back at once; and they
            # stand still before it is told, or they would begin to end in good order.
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
        """They neither answer nor break while the block runs: a black hole."""
        pids = [pid for name in names for pid in process_tree(self.suite.pid(name))]
        _signal_all(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal_all(pids, signal.SIGCONT)

    async def is_well(self) -> None:
        """Wait until all processes answer, names hold all replicas, and callers know it."""

        async def check() -> None:
            for process in self.suite.processes():
                assert await self.suite.is_healthy(process.name), process.name
            for name, service in self.suite.plan.services.items():
                named = await self.suite.addresses(service.host)
                assert named >= set(service.replicas), name

        await eventually(check, within_s=WELL_AGAIN_S, every_s=0.5)
        await self._callers_see_it()

    async def _callers_see_it(self) -> None:
        """What was ejected is back and databases are dialled again when calls succeed in a row."""
        requests = mixed_requests(self.world)

        async def check() -> None:
            answers = await open_loop(self.exchanges, requests, WELL_RATE, 3.0)
            assert answers.count(good=True) == len(answers.all)

        try:
            await eventually(check, within_s=WELL_AGAIN_S, every_s=0.5)
        except AssertionError:
            say(f"  some requests still fail {WELL_AGAIN_S:.0f} s after all processes answer")


def mixed_requests(world: World) -> Sequence[httpx.Request]:
    """What phones ask for, each named by its kind, in an order drawn once."""
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
    """The n-th person comments on a post."""
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
        except ProcessLookupError:  # A backend that has ended meanwhile.
            continue

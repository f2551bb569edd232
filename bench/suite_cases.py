"""Measures common requests through the whole suite: throughput, times and CPU by process."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import orjson

from bench.bench_world import World, with_comment
from bench.charts import BarChart, LineChart, cumulative
from bench.closed_loop import Ask, Run, closed_loop
from bench.cpu_meter import (
    IDLE_SLICE_S,
    IDLE_SLICES,
    cpu_seconds,
    idle_rates,
    spent_between,
    without_idle,
)
from bench.results import Section, cpu_row
from tests.eventually import eventually
from tests.journeys.phone import JPEG, PASSWORD, Phone
from tests.upload.pictures import jpeg, photograph

AT_ONCE = 16
SECONDS = 6.0
# Long enough for every replica to serve every route and prepare its statements.
WARM_UP_S = 3.0
# Each of these costs as much as a hundred reads, so few are measured.
COSTLY_COUNT, COSTLY_WARM_UP_COUNT, COSTLY_AT_ONCE = 32, 8, 4
COSTLY_S_MAX = 60.0
SIGN_INS_COUNT = 64
# Sign-ins come from several addresses: one may try 25 times in five minutes even with LIMITS=loose.
SIGN_IN_ADDRESSES = 4
# Time for the work that requests leave behind, such as fan-out, mirroring and events.
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; `cpu_ms` has CPU milliseconds per request, by kind of process."""

    name: str
    run: Run
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """All cases, and the idle suite's CPU seconds per second, by kind of process."""

    cases: list[CaseResult]
    idle: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Case:
    """A case; `count` is 0 for cheap requests. `all_done` waits for work after the replies."""

    name: str
    ask: Ask
    count: int = 0
    all_done: Callable[[], Awaitable[None]] | None = None

    @property
    def is_costly(self) -> bool:
        """Whether a fixed number is measured instead of a fixed time."""
        return self.count > 0


async def suite_cases(world: World) -> SuiteResult:
    """Measure all cases one after the other."""
    photos = _Photos(world, [])
    picture = jpeg(photograph(3000, 4000))
    async with _sign_in(world) as sign_in:
        cases = [
            *(_Case(NAMES[name], ask(world)) for name, ask in READS.items()),
            _Case(
                "upload, 12 MP, and processing",
                partial(photos.upload, picture),
                COSTLY_COUNT,
                photos.all_ready,
            ),
            _Case("publish a photo", photos.publish, COSTLY_COUNT),
            _Case("sign in", sign_in, SIGN_INS_COUNT),
        ]
        await asyncio.sleep(SETTLE_S)
        idle = await idle_rates(world.suite)
        return SuiteResult([await _measured(world, case, idle) for case in cases], idle)


async def _measured(world: World, case: _Case, idle: Mapping[str, float]) -> CaseResult:
    await _run(case, WARM_UP_S, COSTLY_WARM_UP_COUNT)
    await asyncio.sleep(SETTLE_S)
    before, began_s = cpu_seconds(world.suite), asyncio.get_running_loop().time()
    run = await _run(case, SECONDS, case.count)
    await asyncio.sleep(SETTLE_S)
    seconds = asyncio.get_running_loop().time() - began_s
    spent = without_idle(spent_between(before, cpu_seconds(world.suite)), idle, seconds)
    answered = max(1, run.count + run.failed)
    cpu_ms = {kind: s / answered * 1000 for kind, s in spent.items()}
    return CaseResult(case.name, run, {kind: ms for kind, ms in cpu_ms.items() if ms >= 0.005})


async def _run(case: _Case, seconds: float, count: int) -> Run:
    """Run a case for `seconds`, or `count` times if it is costly."""
    if not case.is_costly:
        return await closed_loop(case.ask, at_once=AT_ONCE, seconds=seconds)
    run = await closed_loop(case.ask, at_once=COSTLY_AT_ONCE, seconds=COSTLY_S_MAX, count_max=count)
    if case.all_done is not None:
        await case.all_done()
    return run


def _home(world: World) -> Ask:
    async def ask(_number: int) -> bool:
        request = world.request("GET", "/v1/timelines/home?limit=20", random.choice(world.people))
        return (await world.send(request)).status_code == 200

    return ask


def _profile(world: World) -> Ask:
    async def ask(_number: int) -> bool:
        viewer = random.choice(world.people)
        request = world.request("GET", f"/v1/users/{world.looked_at().id}", viewer)
        return (await world.send(request)).status_code == 200

    return ask


def _posts_of(world: World) -> Ask:
    async def ask(_number: int) -> bool:
        viewer = random.choice(world.people)
        request = world.request("GET", f"/v1/users/{world.looked_at().id}/posts", viewer)
        return (await world.send(request)).status_code == 200

    return ask


@dataclass(frozen=True, slots=True)
class _Photos:
    """Uploads photos by all people in turn, and publishes them."""

    world: World
    uploaded: list[tuple[Phone, str]]

    async def upload(self, picture: bytes, number: int) -> bool:
        """Upload a photo; returns whether it was accepted."""
        person = self.world.people[number % len(self.world.people)]
        content = with_comment(picture)
        request = self.world.request("POST", "/v1/photos", person, content=content, **JPEG)
        reply = await self.world.send(request)
        if reply.status_code == 202:
            self.uploaded.append((person, orjson.loads(reply.content)["photo"]["id"]))
        return reply.status_code == 202

    async def all_ready(self) -> None:
        """Wait until all uploaded photos are processed."""
        for person, photo_id in self.uploaded:
            await eventually(partial(self._is_ready, person, photo_id), within_s=60)

    async def _is_ready(self, person: Phone, photo_id: str) -> None:
        request = self.world.request("GET", f"/v1/photos/{photo_id}", person)
        assert orjson.loads((await self.world.send(request)).content)["state"] == "ready"

    async def publish(self, _number: int) -> bool:
        """Publish an unpublished photo; returns whether that succeeded."""
        if not self.uploaded:
            return False
        person, photo_id = self.uploaded.pop()
        draft = orjson.dumps({"photo_ids": [photo_id], "caption": "bench"})
        request = self.world.request(
            *("POST", "/v1/posts", person), content=draft, Content_Type="application/json"
        )
        return (await self.world.send(request)).status_code == 201


@asynccontextmanager
async def _sign_in(world: World) -> AsyncIterator[Ask]:
    """Yield a sign-in from several random local addresses in turn."""
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(SIGN_IN_ADDRESSES):
            tail = ".".join(str(random.randrange(1, 255)) for _ in range(2))
            address = f"127.{random.randrange(128, 255)}.{tail}"
            transport = httpx.AsyncHTTPTransport(local_address=address)
            base_url = world.suite.public_urls[number % len(world.suite.public_urls)]
            client = httpx.AsyncClient(base_url=base_url, transport=transport, timeout=30)
            clients.append(await stack.enter_async_context(client))

        async def ask(number: int) -> bool:
            person = world.people[number % len(world.people)]
            form = {"login": person.username, "password": PASSWORD, "device": "bench"}
            reply = await clients[number % len(clients)].post("/v1/sessions", json=form)
            return reply.status_code == 201

        yield ask


# The cases that `make profile` can run, by name.
READS: Mapping[str, Callable[[World], Ask]] = {
    "home": _home,
    "profile": _profile,
    "posts": _posts_of,
}
NAMES = {
    "home": "home timeline, 20 posts",
    "profile": "profile",
    "posts": "a person's posts",
}


def section(result: SuiteResult) -> Section:
    """Make the report's section."""
    cases = result.cases
    idle_ms = sum(result.idle.values()) * 1000
    return Section(
        "Common requests through the whole suite",
        f"Closed loops of {AT_ONCE} callers ({COSTLY_AT_ONCE} for the last three) through both"
        " balancers over plain HTTP, with TLS behind them, sessions, limits and metrics, after a"
        " warm-up. CPU time is that of all processes of a kind, per request. It includes the work"
        f" that requests leave behind. The idle suite's use ({idle_ms:.0f} ms a second, from the"
        f" calmer half of {IDLE_SLICES * IDLE_SLICE_S:.0f} s before) is subtracted.",
        ["request", "n", "a second", "p50 ms", "p99 ms", "failed", "CPU ms, all"],
        [
            cpu_row(
                one.name,
                [
                    str(one.run.count),
                    f"{one.run.per_second:.0f}",
                    f"{one.run.ms(0.5):.1f}",
                    f"{one.run.ms(0.99):.1f}",
                    str(one.run.failed),
                ],
                one.cpu_ms,
            )
            for one in cases
        ],
        _charts(cases),
        [
            *(_of_failures(one) for one in cases if one.run.failed),
            *(f"{one.name}: {_split(one.cpu_ms)}" for one in cases),
            "idle use, subtracted, ms a second: "
            + _split({kind: s * 1000 for kind, s in result.idle.items()}),
        ],
    )


def _charts(cases: list[CaseResult]) -> list[BarChart | LineChart]:
    kinds = sorted({kind for one in cases for kind in one.cpu_ms})
    reads, costly = cases[: len(READS)], cases[len(READS) :]
    bars = (
        "How long each program works for one request, over all processes of a kind, in milliseconds"
        " of one core. Shorter is better."
    )
    return [
        BarChart(
            f"CPU time of {what}, by kind of process",
            bars,
            "ms",
            [(one.name, one.cpu_ms) for one in some],
            kinds,
        )
        for what, some in (("reads", reads), ("costly requests", costly))
    ] + [
        LineChart(
            "How long requests take",
            "The percentage of answers that arrived within a time, with all callers asking at once."
            " A line further left is faster; a long slope to the right is less even. An upload is"
            " answered before its picture is processed.",
            "milliseconds, logarithmic scale",
            "% of the answers",
            [(one.name, cumulative(one.run.times_ms)) for one in cases],
            x_is_log=True,
        ),
        LineChart(
            "Answers over the time of the run",
            "Good answers in each half second. With a level line, the figures above do not average"
            " good and bad moments. Other work on this machine also causes dips.",
            "seconds since the loop began",
            "answers a second",
            [(one.name, one.run.over_time()) for one in reads],
        ),
    ]


def _of_failures(one: CaseResult) -> str:
    asked = one.run.count + one.run.failed
    return (
        f"{one.name}: {one.run.failed} of {asked} were refused or timed out; is the machine busy"
        " with something else? Do not compare this row"
    )


def _split(cpu_ms: Mapping[str, float]) -> str:
    parts = sorted(cpu_ms.items(), key=lambda part: -part[1])
    return ", ".join(f"{kind} {ms:.2f}" for kind, ms in parts if ms >= 0.05)

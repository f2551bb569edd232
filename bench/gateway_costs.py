"""Compares our gateway with a floor and a textbook gateway, over the same services and load."""

import asyncio
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import httpx

from bench.bench_world import World
from bench.charts import BarChart, LineChart, cumulative
from bench.closed_loop import Run, closed_loop
from bench.cpu_meter import process_cpu_seconds
from bench.results import Section
from bench.same_replies import differences
from services.gateway.clients.known_cards import FRESH_S
from shared.service_client.http1_exchange import Http1Exchange
from tests.journeys.phone import Phone

AT_ONCE = 16
WARM_UP_S = 2.0
ROUND_S = 2.5
ROUNDS = 3
IDLE_S = 3.0
# As long as our gateway caches a session check.
SESSION_S = 4.5
COMPARED_VIEWERS = 8
_TIMEOUT_S = 15.0


@dataclass
class GatewayResult:
    """One gateway; `cpu_ms` has its process's CPU milliseconds per request, by round."""

    name: str
    address: str
    port: int
    pid: int
    idle_rate: float = 0.0
    cpu_ms: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def median_cpu_ms(self) -> float:
        """The CPU milliseconds per request of the median round, which are compared."""
        return statistics.median(self.cpu_ms)

    @property
    def times_ms(self) -> list[float]:
        """The response times of all rounds."""
        return [one for run in self.runs for one in run.times_ms]

    def ms(self, share: float) -> float:
        """Return a percentile over all rounds; `share` is from 0 to 1."""
        return Run(times_ms=self.times_ms).ms(share)

    @property
    def per_second(self) -> float:
        """Good answers per second in the median round."""
        return statistics.median(run.per_second for run in self.runs)


async def gateway_costs(world: World) -> list[GatewayResult]:
    """Measure the floor, ours, and the textbook gateway without and with cached sessions.

    They take turns, so that a noisy moment affects all. Exits if their replies differ.
    """
    suite = world.suite
    ours = suite.process("gateway-1")
    replicas = [suite.process(f"{name}-1") for name in ("users", "feed")]
    origins = [f"https://{process.address}:{process.port}" for process in replicas]
    textbook = ("bench.textbook_gateway", *origins)
    with (
        _running(world, "bench.raw_gateway") as raw,
        _running(world, *textbook, "0") as forgetful,
        _running(world, *textbook, str(SESSION_S)) as remembering,
    ):
        results = [
            GatewayResult("floor", "127.0.0.1", *raw),
            GatewayResult("ours", ours.address, ours.port, suite.pid("gateway-1")),
            GatewayResult("textbook", "127.0.0.1", *forgetful),
            GatewayResult("textbook, sessions kept", "127.0.0.1", *remembering),
        ]
        for result in results:
            await _until_it_answers(world, result)
        await _compare(world, results)
        for result in results:
            await _load(world, result, WARM_UP_S)
        await _measure_idle(results)
        for turn in range(ROUNDS):
            for result in results[turn:] + results[:turn]:
                await _round(world, result)
        await _compare(world, results)
    return results


async def _measure_idle(results: Sequence[GatewayResult]) -> None:
    before = [process_cpu_seconds(result.pid) for result in results]
    await asyncio.sleep(IDLE_S)
    for result, before_s in zip(results, before, strict=True):
        result.idle_rate = (process_cpu_seconds(result.pid) - before_s) / IDLE_S


async def _round(world: World, result: GatewayResult) -> None:
    before_s = process_cpu_seconds(result.pid)
    run = await _load(world, result, ROUND_S)
    spent_s = process_cpu_seconds(result.pid) - before_s - result.idle_rate * run.seconds
    result.cpu_ms.append(spent_s / max(1, run.count) * 1000)
    result.runs.append(run)


async def _load(world: World, result: GatewayResult, seconds: float) -> Run:
    async with _asker(world, result) as exchange:

        async def ask(_number: int) -> bool:
            return (await _home(world, result, exchange, random.choice(world.people))).is_success

        return await closed_loop(ask, at_once=AT_ONCE, seconds=seconds)


@contextlib.asynccontextmanager
async def _asker(world: World, result: GatewayResult) -> AsyncIterator[Http1Exchange]:
    host = world.suite.plan.services["gateway"].host
    url = httpx.URL(f"https://{host}:{result.port}")
    exchange = Http1Exchange(url, world.suite.ca_file, patience_s=0)
    try:
        yield exchange
    finally:
        await exchange.close()


async def _home(
    world: World, result: GatewayResult, exchange: Http1Exchange, viewer: Phone
) -> httpx.Response:
    request = world.request("GET", "/v1/timelines/home?limit=20", viewer)
    return await exchange.send(request, result.address, _TIMEOUT_S)


async def _until_it_answers(world: World, result: GatewayResult) -> None:
    async with _asker(world, result) as exchange:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if (await _home(world, result, exchange, world.people[0])).is_success:
                    return
            await asyncio.sleep(0.1)
    sys.exit(f"{result.name} does not answer")


async def _compare(world: World, results: Sequence[GatewayResult]) -> None:
    """Exit if the gateways reply differently to some viewers, or the floor's size differs."""
    async with contextlib.AsyncExitStack() as stack:
        exchanges = [await stack.enter_async_context(_asker(world, one)) for one in results]
        for viewer in world.people[:COMPARED_VIEWERS]:
            replies = {
                result.name: (await _home(world, result, exchange, viewer)).content
                for result, exchange in zip(results, exchanges, strict=True)
            }
            found = differences(replies)
            if len(replies["floor"]) != len(replies["ours"]):
                found.append("the floor and ours send different numbers of bytes")
            if found:
                sys.exit("The gateways' replies differ: " + "; ".join(found))


@contextlib.contextmanager
def _running(world: World, module: str, *arguments: str) -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, **world.suite.env("gateway", instance="gateway-bench")}
    process = subprocess.Popen([sys.executable, "-m", module, str(port), *arguments], env=env)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def most_of_ours(results: Sequence[GatewayResult]) -> float:
    """Return our gateway's home timelines per second in the median round."""
    return next(one.per_second for one in results if one.name == "ours")


def section(results: list[GatewayResult]) -> Section:
    """Make the report's section."""
    floor, ours, textbook, remembering = (result.median_cpu_ms for result in results)
    return Section(
        "The gateway, its floor and a textbook gateway",
        f"{AT_ONCE} callers ask each gateway directly over TLS for a home timeline of 20 posts."
        f" After a warm-up the gateways take turns for {ROUNDS} rounds, and the median counts."
        " CPU time is that of the gateway's process, without its idle use."
        f" Before and after, {COMPARED_VIEWERS} viewers got the same posts in the same shape from"
        " each gateway. All gateways ask feed for the page and users for the authors' cards; ours"
        f" and the floor cache the cards for {FRESH_S:.0f} s. The textbook gateway uses FastAPI,"
        " models in and out, httpx and uvicorn with default settings. Its first row checks the"
        f" session with users every time; its second row caches the check for {SESSION_S} s, as"
        " ours and the floor do. Only ours asks Redis for rate limits and invalidations, has"
        " metrics and deadlines, chooses replicas and retries. The floor is an asyncio.Protocol"
        " over plain sockets.",
        ["gateway", "a second", "p50 ms", "p99 ms", "CPU ms", "of the floor", "idle CPU ms/s"],
        [
            [
                one.name,
                f"{one.per_second:.0f}",
                f"{one.ms(0.5):.1f}",
                f"{one.ms(0.99):.1f}",
                f"{one.median_cpu_ms:.2f}",
                f"{one.median_cpu_ms / floor:.2f}",
                f"{one.idle_rate * 1000:.0f}",
            ]
            for one in results
        ],
        [
            BarChart(
                "CPU time of the gateway's process per request",
                "The cost of one home timeline in the gateway alone. Shorter is better. The floor"
                " is the lowest cost of these calls and this reply that we reached in Python.",
                "ms",
                [(one.name, {"gateway": one.median_cpu_ms}) for one in results],
            ),
            LineChart(
                f"How long a home timeline takes with {AT_ONCE} callers",
                "The percentage of answers that arrived within a time. A line further left is"
                " faster; a line that bends early to the right makes some people wait long."
                " The services behind, equal for all gateways, take most of this time.",
                "milliseconds, logarithmic scale",
                "% of the answers",
                [(one.name, cumulative(one.times_ms)) for one in results],
                x_is_log=True,
            ),
        ],
        [
            f"ours costs {ours / floor:.2f} times the floor",
            f"the textbook costs {textbook / ours:.2f} times ours",
            f"the textbook that keeps sessions costs {remembering / ours:.2f} times ours",
        ],
    )

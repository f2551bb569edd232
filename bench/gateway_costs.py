"""Our gateway next to its floor and to one by the book: the same load, the same services behind."""

import asyncio
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.bench_world import World
from bench.closed_loop import Run, closed_loop
from shared.web.http1_exchange import Http1Exchange

AT_ONCE = 16
ROUND_S = 4.0
ROUNDS = 3
_TIMEOUT_S = 15.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class GatewayResult:
    """One gateway; processor time of its process, in milliseconds a request, by round."""

    name: str
    address: str
    port: int
    pid: int
    cpu_ms: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def median_cpu_ms(self) -> float:
        """The figure that is compared."""
        return statistics.median(self.cpu_ms)


async def gateway_costs(world: World) -> list[GatewayResult]:
    """The raw one, ours, the textbook; they take turns, so that a noisy moment hits all."""
    suite = world.suite
    ours = suite.process("gateway-1")
    replicas = [suite.process(f"{name}-1") for name in ("users", "feed")]
    origins = [f"https://{process.address}:{process.port}" for process in replicas]
    with (
        _running(world, "bench.raw_gateway") as raw,
        _running(world, "bench.textbook_gateway", *origins) as textbook,
    ):
        results = [
            GatewayResult("raw sockets (floor)", "127.0.0.1", *raw),
            GatewayResult("ours", ours.address, ours.port, suite.pid("gateway-1")),
            GatewayResult("textbook", "127.0.0.1", *textbook),
        ]
        for result in results:
            await _until_it_answers(world, result)
        for _ in range(ROUNDS):
            for result in results:
                await _round(world, result)
    return results


async def _round(world: World, result: GatewayResult) -> None:
    host = world.suite.topology.services["gateway"].host
    exchange = Http1Exchange(httpx.URL(f"https://{host}:{result.port}"), world.suite.ca_file)

    async def ask(_number: int) -> bool:
        request = world.request("GET", "/v1/timelines/home?limit=20", random.choice(world.people))
        return (await exchange.send(request, result.address, _TIMEOUT_S)).status_code == 200

    await closed_loop(ask, at_once=AT_ONCE, seconds=0.5)
    before_s = _cpu_s(result.pid)
    run = await closed_loop(ask, at_once=AT_ONCE, seconds=ROUND_S)
    result.cpu_ms.append((_cpu_s(result.pid) - before_s) / max(1, run.count) * 1000)
    result.runs.append(run)
    await exchange.close()


async def _until_it_answers(world: World, result: GatewayResult) -> None:
    host = world.suite.topology.services["gateway"].host
    exchange = Http1Exchange(httpx.URL(f"https://{host}:{result.port}"), world.suite.ca_file)
    request = world.request("GET", "/v1/timelines/home?limit=20", world.people[0])
    for _ in range(200):
        with contextlib.suppress(httpx.TransportError):
            reply = await exchange.send(request, result.address, _TIMEOUT_S)
            if reply.status_code == 200:
                return
        await asyncio.sleep(0.05)
    sys.exit(f"{result.name} does not answer")


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


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S

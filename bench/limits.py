"""Measures the cost of counting a request against three rate limits: our pipe and redis-py.

It uses the gateways' Redis of the running suite (RETRATO_RUN_DIR or .run) over TLS, with one and
with ten requests at once. CPU time is that of this process; Redis's own is equal for both.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import uvloop

from services.gateway.domain.limits import USUAL_LIMITS, Limit
from services.gateway.settings import GatewaySettings
from services.gateway.store.limit_counters import TAKE, LimitCounters
from shared.caching.redis_client import open_redis
from shared.caching.redis_pipe import RedisPipe
from shared.network.network import Network, open_network
from tests.suite import Suite

CALLS = 10_000
WARM_UP_CALLS = 500
LIMITS: tuple[Limit, ...] = USUAL_LIMITS[:3]

Count = Callable[[int], Awaitable[object]]


async def main() -> None:
    """Print a row per client and concurrency."""
    folder = Path(os.environ.get("RETRATO_RUN_DIR") or ".run")
    with patch.dict(os.environ, Suite(folder, None).env("gateway")):
        settings = GatewaySettings()  # type: ignore[call-arg] # from the environment
    async with open_network(settings) as network:
        url = settings.redis_url.get_secret_value()
        await _measure_pipe(url, network)
        await _measure_redis_py(url, network)


async def _measure_pipe(url: str, network: Network) -> None:
    pipe = RedisPipe(url, network, [("SCRIPT", "LOAD", TAKE)])
    await pipe.open()
    counters = LimitCounters(pipe)
    await _print_rows("pipe", lambda who: counters.take(dict.fromkeys(LIMITS, f"b{who}")))
    await pipe.close()


async def _measure_redis_py(url: str, network: Network) -> None:
    redis = await open_redis(url, network)
    script = redis.register_script(TAKE)
    numbers = [number for limit in LIMITS for number in (limit.interval_us, limit.window_us)]

    async def count(who: int) -> None:
        await script(keys=[f"limit:{limit.name}:r{who}" for limit in LIMITS], args=numbers)

    await _print_rows("redis-py", count)
    await redis.aclose()


async def _print_rows(name: str, count: Count) -> None:
    for at_once in (1, 10):
        await _run(count, at_once, WARM_UP_CALLS)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        await _run(count, at_once, CALLS)
        cpu_us = (time.process_time() - cpu_s) / CALLS * 1e6
        wall_us = (time.perf_counter() - wall_s) * at_once / CALLS * 1e6
        print(f"{name:<10} {at_once:>3} at once   {cpu_us:6.0f} µs CPU   {wall_us:6.0f} µs each")


async def _run(count: Count, at_once: int, calls: int) -> None:
    async def work(worker: int) -> None:
        for number in range(calls // at_once):
            await count(worker * calls + number)

    await asyncio.gather(*(work(worker) for worker in range(at_once)))


if __name__ == "__main__":
    uvloop.run(main())

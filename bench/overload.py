"""Overloads the running suite with three times its knee for a minute, then checks its recovery.

The suite (RETRATO_RUN_DIR or .run) must run with LIMITS=loose. The knee is the highest rate at
which 99 of 100 requests succeed within 500 ms. The output also gives the machine's speed, because
a shared machine changes by itself.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import uvloop

from bench.access_log import AccessLogs
from bench.knee import find_knee, tell, warm_up
from bench.machine_speed import MachineSpeed, machine_speed
from bench.open_loop import Answers, exchanges_of, open_loop
from infra.automation.standstill import automation_off
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite

PEOPLE = 24
STEP_S = 6.0
OVERLOAD_S = float(os.environ.get("SECONDS_OF_OVERLOAD", "60"))
RECOVERY_S = 15.0
SLICE_S = 10
# The last part of the search, whose rates are close to the knee.
LAST_STEPS_S = 30.0
TIMES_THE_KNEE = 3.0
# Percentages of requests.
MIX = (("home", 50), ("profile", 15), ("posts", 15), ("post", 10), ("search", 10))


async def main() -> None:
    """Run the overload and print the results."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    async with _world(suite) as requests:
        exchanges = exchanges_of(suite)
        async with machine_speed() as at_the_knee:
            await warm_up(exchanges, requests)
            knee = await find_knee(exchanges, requests)
            now_s = time.perf_counter()
            quick_as = at_the_knee.between(now_s - LAST_STEPS_S, now_s)
        normal = await open_loop(exchanges, requests, knee * 0.7, STEP_S)
        tell(f"normal, {knee * 0.7:.0f}/s", normal)
        memory = {"before": _memory_mb(suite)}
        with AccessLogs(suite.log_dir, suite.process_names("nginx")) as logs:
            async with machine_speed() as speed:
                over = asyncio.create_task(
                    open_loop(exchanges, requests, knee * TIMES_THE_KNEE, OVERLOAD_S)
                )
                await asyncio.sleep(OVERLOAD_S * 0.9)
                memory["during"] = _memory_mb(suite)
                answers = await over
            refused_s = sorted(_refusals_s(logs))
        after = await open_loop(exchanges, requests, knee * 0.7, RECOVERY_S)
        memory["after"] = _memory_mb(suite)
        _report_slices(answers, speed, quick_as)
        _report(answers, after, knee, speed.median / quick_as)
        _report_memory(memory)
        _report_balancers(refused_s)


def _report_slices(over: Answers, speed: MachineSpeed, usual: float) -> None:
    for first in range(0, int(OVERLOAD_S), SLICE_S):
        last = min(first + SLICE_S, OVERLOAD_S)
        quickness = speed.between(over.began_s + first, over.began_s + last) / usual
        tell(f"overload, from {first} s, {quickness:.0%} quick", over.between(first, last))


def _report(over: Answers, after: Answers, knee: float, quickness: float) -> None:
    tell("overload, all of it", over)
    for second in range(int(RECOVERY_S)):
        tell(f"after it, second {second}", after.between(second, second + 1))
    share = over.good_per_second / knee
    print(f"goodput under overload: {share:.0%} of the knee")
    print(
        f"the machine was {quickness:.0%} as quick as at the knee: {share / quickness:.0%} of that"
    )


def _report_memory(memory: dict[str, dict[str, int]]) -> None:
    for when, by_service in memory.items():
        said = ", ".join(f"{name} {mb} MB" for name, mb in by_service.items())
        print(f"memory {when:<7} {said}")


def _refusals_s(logs: AccessLogs) -> Iterator[float]:
    """Yield the seconds of each 503, as the balancers logged them."""
    for _name, text in logs.texts():
        said = json.loads(text) if text.startswith("{") and text.endswith("}\n") else {}
        if said.get("status") == httpx.codes.SERVICE_UNAVAILABLE:
            yield float(said["seconds"])


def _report_balancers(refused_s: Sequence[float]) -> None:
    """Print the balancers' times of refusals; the sender's own include its lag on shared cores."""
    if refused_s:
        p50, p99 = (refused_s[int(len(refused_s) * share)] * 1000 for share in (0.5, 0.99))
        print(f"refusals as the balancers logged them: p50 {p50:.0f}  p99 {p99:.0f} ms")


@asynccontextmanager
async def _world(suite: Suite) -> AsyncIterator[Sequence[httpx.Request]]:
    """Create people who all follow each other, and yield their requests in a fixed random order."""
    async with AsyncExitStack() as stack:
        stack.enter_context(automation_off(suite.on_disk.folder))
        people = [
            await stack.enter_async_context(phone_of(suite.public_url, "load"))
            for _ in range(PEOPLE)
        ]
        posts = {person.id: (await person.post("load"))["id"] for person in people}
        for person in people:
            for other in people:
                if other is not person:
                    await person.follow(other)
        rng = random.Random(7)
        kinds = rng.choices([kind for kind, _ in MIX], [share for _, share in MIX], k=2_000)
        yield [
            _request(kind, rng.choice(people), rng.choice(people), posts, suite) for kind in kinds
        ]


def _request(
    kind: str, viewer: Phone, other: Phone, posts: dict[str, str], suite: Suite
) -> httpx.Request:
    path = {
        "home": "/v1/timelines/home",
        "profile": f"/v1/users/{other.id}",
        "posts": f"/v1/users/{other.id}/posts",
        "post": f"/v1/posts/{posts[other.id]}",
        "search": "/v1/users/search?q=load",
    }[kind]
    headers = {"Authorization": viewer.http.headers["Authorization"]}
    return httpx.Request("GET", suite.public_url + path, headers=headers)


def _memory_mb(suite: Suite) -> dict[str, int]:
    """Return the resident memory of each service's processes."""
    return {
        service: sum(_rss_mb(suite.pid(name)) for name in suite.process_names(service))
        for service in ("gateway", "users", "feed", "upload")
    }


def _rss_mb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    uvloop.run(main())

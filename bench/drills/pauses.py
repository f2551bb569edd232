"""All processes of a kind freeze for most of a second, as on a busy machine."""

import asyncio
from collections.abc import Iterator, Sequence

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES

# A read has two seconds, so the first waiting requests still have more than half of it left.
PAUSE_S = 0.8
PAUSES = 3
BETWEEN_S = 5.0


async def pauses(drill: Drill) -> list[Finding]:
    """Pause the replicas of each service, each Redis, all databases of a service, and DNS."""
    return [await _paused(drill, what, names) for what, names in _kinds(drill)]


def _kinds(drill: Drill) -> Iterator[tuple[str, Sequence[str]]]:
    for service in SERVICES:
        yield f"all of {service}", drill.replicas(service)
    for service in SERVICES:
        yield f"redis-{service}", [f"redis-{service}"]
    for service in drill.suite.plan.groups:
        primaries = drill.databases(service)
        nodes = [*primaries, *(f"{primary}-replica" for primary in primaries)]
        yield f"all databases of {service}", nodes
    yield "dns", ["dns"]


async def _paused(drill: Drill, what: str, names: Sequence[str]) -> Finding:
    say(f"pauses: {what}")
    requests = await drill.requests()
    async with drill.load(requests) as answers:
        for _ in range(PAUSES):
            await asyncio.sleep(BETWEEN_S)
            async with drill.frozen(*names):
                await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(BETWEEN_S)
    say_errors(answers, 0.0)
    failed = len(answers.all) - answers.count(good=True)
    return Finding(
        "a pause shorter than the deadline fails nothing",
        f"{what} frozen for {PAUSE_S} s, {PAUSES} times",
        "no failed request",
        f"{failed} of {len(answers.all)}",
        not failed,
    )

"""No handler starts after its request's deadline, even after its process was frozen."""

import asyncio
from collections.abc import Iterable

from bench.access_log import AccessLine, AccessLogs
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES
from services.gateway.app import INFO

OVERLOAD_S = 12.0
TIMES_THE_RATE = 4.0
# Longer than a read's deadline.
FROZEN_S = 4.0
AFTERWARDS_S = 6.0
# The tolerance for clock readings that are taken one after the other.
NEAR_S = 0.02


async def late_starts(drill: Drill) -> list[Finding]:
    """Measure under overload, and with a replica of users and of feed frozen for a while."""
    findings = [await _under_overload(drill)]
    for service in ("users", "feed"):
        findings.append(await _after_a_standstill(drill, service))
        await drill.is_well()
    return findings


async def _under_overload(drill: Drill) -> Finding:
    say("late starts: overload")
    requests = await drill.requests()
    with _logs(drill) as logs:
        async with drill.load(requests, drill.rate * TIMES_THE_RATE):
            await asyncio.sleep(OVERLOAD_S)
        await asyncio.sleep(AFTERWARDS_S)
        return _finding(f"{TIMES_THE_RATE:.0f} times the load for {OVERLOAD_S:.0f} s", logs)


async def _after_a_standstill(drill: Drill, service: str) -> Finding:
    say(f"late starts: {service}-1 stands still")
    requests = await drill.requests()
    with _logs(drill) as logs:
        async with drill.load(requests):
            async with drill.frozen(f"{service}-1"):
                await asyncio.sleep(FROZEN_S)
            await asyncio.sleep(AFTERWARDS_S)
        return _finding(f"{service}-1 frozen for {FROZEN_S:.0f} s under load", logs)


def _logs(drill: Drill) -> AccessLogs:
    names = [name for service in SERVICES for name in drill.suite.process_names(service)]
    return AccessLogs(drill.suite.log_dir, names)


def _finding(done: str, logs: AccessLogs) -> Finding:
    lines = list(logs.requests())
    begun = [line for line in lines if line.is_begun and not _is_gateway(line)]
    late = _late(lines, begun)
    return Finding(
        "deadlines are carried",
        done,
        "no handler starts after its deadline",
        f"{len(late)} of {len(begun)} handlers",
        not late,
    )


def _late(lines: Iterable[AccessLine], begun: Iterable[AccessLine]) -> list[AccessLine]:
    """Return the lines that began after the deadline of the gateway's request."""
    ends_s = {
        line.request_id: line.began_s + INFO.deadlines.limit_ms(line.method, line.path) / 1000
        for line in lines
        if _is_gateway(line)
    }
    return [
        line for line in begun if line.began_s > ends_s.get(line.request_id, line.began_s) + NEAR_S
    ]


def _is_gateway(line: AccessLine) -> bool:
    return line.process.startswith("gateway-")

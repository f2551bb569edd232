"""Retries are rare: the number of attempts stays near the number of calls."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bench.access_log import AccessLogs
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import Metrics, metrics_of_all, total

PEACE_S = 20.0
OUTAGE_S = 15.0
IN_PEACE_MAX = 1.1
IN_TROUBLE_MAX = 1.2
UPSTREAMS = ("users", "upload", "feed")
# Fewer calls of one caller to one service are too few for a ratio.
CALLS_MIN = 50

Broken = AbstractAsyncContextManager[None]


async def attempts(drill: Drill) -> list[Finding]:
    """Measure without faults, with all replicas of a service dead, and with all of them frozen."""
    findings = [await _measured(drill, "nothing", IN_PEACE_MAX, _nothing(), PEACE_S)]
    for service in ("feed", "users"):
        names = drill.replicas(service)
        for done, broken in (("dead", drill.dead(*names)), ("silent", drill.frozen(*names))):
            what = f"all of {service} {done}"
            findings.append(await _measured(drill, what, IN_TROUBLE_MAX, broken, OUTAGE_S, *names))
            await drill.is_well()
    return findings


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def _measured(
    drill: Drill, what: str, most: float, broken: Broken, seconds: float, *away: str
) -> Finding:
    say(f"attempts: {what}")
    requests = await drill.requests()
    with AccessLogs(drill.suite.log_dir, drill.suite.process_names("nginx")) as balancers:
        before = await metrics_of_all(drill.suite, *away)
        async with broken, drill.load(requests):
            await asyncio.sleep(seconds)
        after = await metrics_of_all(drill.suite, *away)
        shares = _shares(before, after) | _share_of_balancers(balancers)
    worst = max(shares, key=lambda way: shares[way])
    return Finding(
        "retries stay bounded",
        what,
        f"attempts ≤ {most} × calls",
        f"{shares[worst]:.3f} ({worst})",
        shares[worst] <= most,
    )


def _shares(before: Mapping[str, Metrics], after: Mapping[str, Metrics]) -> dict[str, float]:
    """Return attempts per call, by calling service and upstream."""
    shares = {}
    for caller in ("gateway", *UPSTREAMS):
        for upstream in UPSTREAMS:
            made, tried = (
                sum(
                    total(after[name], counter, upstream=upstream)
                    - total(before[name], counter, upstream=upstream)
                    for name in after
                    if name.startswith(f"{caller}-")
                )
                for counter in ("retrato_upstream_calls_total", "retrato_upstream_attempts_total")
            )
            if made >= CALLS_MIN:
                shares[f"{caller} → {upstream}"] = tried / made
    return shares


def _share_of_balancers(logs: AccessLogs) -> dict[str, float]:
    asked = [said for _, text in logs.texts() if (said := _upstreams(text))]
    tried = sum(said.count(",") + 1 for said in asked)
    return {"nginx → gateway": tried / len(asked)} if len(asked) >= CALLS_MIN else {}


def _upstreams(text: str) -> str:
    """Return the addresses that a balancer tried for a request, separated by commas."""
    said = text.partition('"upstream":"')[2]
    return said.partition('"')[0]

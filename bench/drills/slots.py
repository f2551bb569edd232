"""Checks that limiter slots, calls and connections are free again without requests."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from bench.drills.drill import Drill
from bench.drills.process_metrics import Metrics, metrics_of_all, total

FREE_WITHIN_S = 15.0
QUIET_S = 3.0
_POLL_S = 0.5
_TAKEN = {
    "requests under way": "retrato_http_requests_in_flight",
    "requests waiting": "retrato_http_requests_waiting",
    "calls under way": "retrato_upstream_calls_in_flight",
    "waiting for a connection": "retrato_postgres_pool_waiting",
}
_CONNECTIONS = "retrato_postgres_pool_connections"
_OPEN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
     WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '2 seconds'
"""

Slots = Mapping[tuple[str, str], float]


async def idle_slots(drill: Drill) -> Slots:
    """Count the used slots without requests; some remain, since gateways wait for feed's events."""
    return await _fewest(drill, QUIET_S)


async def leaks(drill: Drill, idle: Slots) -> list[str]:
    """Return what stays in use seconds after the last request; empty if nothing leaked."""
    await asyncio.sleep(QUIET_S)
    taken = await _fewest(drill, FREE_WITHIN_S, until=idle)
    kept = [
        f"{service}: {value - idle[service, what]:.0f} {what}"
        for (service, what), value in taken.items()
        if value > idle[service, what]
    ]
    return kept + await _open_transactions(drill)


async def _fewest(drill: Drill, seconds: float, until: Slots | None = None) -> Slots:
    """Return the minimum of each count over some seconds, since workers' polls use slots too.

    Stops early once no count is above `until`.
    """
    ends_s = time.monotonic() + seconds
    fewest = await _taken(drill)
    while time.monotonic() < ends_s:
        if until is not None and all(fewest[slot] <= until[slot] for slot in fewest):
            break
        await asyncio.sleep(_POLL_S)
        now = await _taken(drill)
        fewest = {slot: min(fewest[slot], now[slot]) for slot in fewest}
    return fewest


async def _taken(drill: Drill) -> dict[tuple[str, str], float]:
    taken: Counter[tuple[str, str]] = Counter()
    for name, metrics in (await metrics_of_all(drill.suite)).items():
        service = drill.suite.process(name).service
        for what, count in _counts(metrics).items():
            taken[service, what] += int(count)
    return dict(taken)


def _counts(metrics: Metrics) -> Mapping[str, float]:
    taken = {what: total(metrics, name) for what, name in _TAKEN.items()}
    opened, idle = (total(metrics, _CONNECTIONS, state=state) for state in ("open", "idle"))
    return {**taken, "connections in use": opened - idle}


async def _open_transactions(drill: Drill) -> list[str]:
    found = []
    for group in drill.suite.plan.groups.values():
        for database in group.databases:
            async with drill.suite.postgres(database.name) as connection:
                count = await connection.fetchval(_OPEN_TRANSACTIONS)
            if count:
                found.append(f"{database.name}: {count} transactions left open")
    return found

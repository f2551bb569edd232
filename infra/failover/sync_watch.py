"""Watches whether each primary has a member in sync, and says so when one has had none for long."""

import asyncio
import time
from collections.abc import MutableMapping, Sequence

from prometheus_client import Gauge

from infra.failover.patroni import Standing, leading, standings_of
from infra.plan.figures import Failover
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

_LOOK_S = 5.0
UNSYNCED = Gauge(
    "retrato_database_unsynced_seconds",
    "For how long the database has had no leader, or no member in sync with it; 0 if it has both.",
    ["database"],
)
LEADS = Gauge(
    "retrato_database_leads", "Whether this member leads its database.", ["database", "member"]
)
TIMELINE = Gauge(
    "retrato_database_timeline",
    "The timeline of the leader: each failover begins one.",
    ["database"],
)


class SyncWatch:
    """What the watch remembers of each database between two looks."""

    def __init__(self, failover: Failover, leaders: MutableMapping[str, str]) -> None:
        self._leaders = leaders
        self._unsynced_max_s = failover.unsynced_seconds
        self._synced_s: dict[str, float] = {}
        self._reported: set[str] = set()

    def note(self, database: str, standings: Sequence[Standing], now_s: float) -> None:
        """Take what the members say at a monotonic time; publish it, and log each change once."""
        first = leading(standings)
        self._leaders[database] = "" if first is None else first.member.name
        for one in standings:
            LEADS.labels(database, one.member.name).set(1 if one == first else 0)
        if first is not None:
            TIMELINE.labels(database).set(first.timeline)
        others = [one for one in standings if one != first]
        is_synced = first is not None and any(one.in_sync and one.is_well for one in others)
        if is_synced:
            self._synced_s[database] = now_s
        # A watch that has just begun knows nothing of the time before.
        unsynced_s = now_s - self._synced_s.setdefault(database, now_s)
        UNSYNCED.labels(database).set(unsynced_s)
        self._say(database, unsynced_s, "" if first is None else first.member.name)

    def _say(self, database: str, unsynced_s: float, first: str) -> None:
        if unsynced_s > self._unsynced_max_s and database not in self._reported:
            self._reported.add(database)
            log.error(
                "database_without_replica_in_sync",
                database=database,
                leader=first or "none",
                seconds=round(unsynced_s),
            )
        elif unsynced_s == 0 and database in self._reported:
            self._reported.discard(database)
            log.info("database_has_replica_in_sync", database=database, leader=first)


async def watch_sync(suite: Suite, stop: asyncio.Event, leaders: MutableMapping[str, str]) -> None:
    """Look every five seconds until `stop` is set, and keep `leaders`; nothing without failover."""
    if suite.plan.failover is None:
        return
    watch = SyncWatch(suite.plan.failover, leaders)
    while not stop.is_set():
        for database in suite.plan.databases:
            watch.note(database.name, await standings_of(suite, database), time.monotonic())
        await pause(stop, _LOOK_S)

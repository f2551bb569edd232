"""Compares both sides of every edge of a group, and all counts, and repairs what has drifted."""

import asyncio
import time

from shared.errors import AppError
from shared.jobs.edge_doubts import EdgeDoubts
from shared.jobs.edge_pass import EdgePass, PassReport
from shared.jobs.metrics import EDGE_DRIFT, EDGE_PASS_SECONDS, EDGES_LEFT_ALONE
from shared.jobs.pauses import pause
from shared.logs import get_logger
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

# In the background: a page of a thousand rows every two seconds, with one small statement for
# each shard that its edges lead to.
ROWS_PER_S = 500.0
REST_SECONDS = 300.0

# Shards with few edges cost a statement each all the same, and a busy machine takes longer for one:
# what serves comes first.
WORKING_SHARE_MAX = 0.1

# A change this young is left to the relay, even if no event of it is found.
QUIET_SECONDS = 10.0

# A crash leaves some dozen edges to be repaired.
REPAIR_RULES = RemovalRules(at_least=100)

log = get_logger()


class EdgeReconciler:
    """The loop of a worker; any number may run, and each may be killed anywhere.

    It reads `rows_per_s` at most in the long run, working for a tenth of the time at most (None: as
    fast as it can), and rests for `rest_s` after each pass.
    """

    def __init__(
        self,
        group: ShardGroup,
        *,
        rows_per_s: float | None = ROWS_PER_S,
        rest_s: float = REST_SECONDS,
        quiet_s: float = QUIET_SECONDS,
        rules: RemovalRules = REPAIR_RULES,
    ) -> None:
        self._group = group
        self._rows_per_s = rows_per_s
        self._rest_s = rest_s
        self._quiet_s = quiet_s
        self._rules = rules
        # Kinds that once had edges are reported for ever, be it as 0.
        self._kinds: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Pass after pass until `stop` is set; what is in doubt is logged and left alone."""
        while not stop.is_set():
            try:
                report = await self.full_pass(stop)
                if report.reasons:
                    log.warning(
                        "edges left alone",
                        group=self._group.name,
                        count=report.left_alone.total(),
                        reasons=report.reasons,
                    )
            except (AppError, *DRIVER_ERRORS) as error:
                log.warning("edges not compared to the end", reason=repr(error))
            await pause(stop, self._rest_s)

    async def full_pass(self, stop: asyncio.Event | None = None) -> PassReport:
        """One pass; it is not complete if `stop` was set meanwhile, or if it could not go on.

        A pass without doubts tells later ones how many edges to expect.
        """
        until = stop or asyncio.Event()
        started_s = went_on_s = time.monotonic()

        async def go_on(rows: int) -> bool:
            nonlocal went_on_s
            if self._rows_per_s is not None:
                worked_s = time.monotonic() - went_on_s
                by_share_s = worked_s * (1 / WORKING_SHARE_MAX - 1)
                await pause(until, max(rows / self._rows_per_s, by_share_s))
            went_on_s = time.monotonic()
            return not until.is_set()

        doubts = EdgeDoubts(self._group, self._rules.lost)
        report = await EdgePass(self._group, self._quiet_s, go_on, doubts, self._rules).walk()
        if report.complete and not report.reasons:
            await doubts.note(report.rows)
        if report.complete:
            self._publish(report, time.monotonic() - started_s)
        return report

    def _publish(self, report: PassReport, seconds: float) -> None:
        self._kinds |= report.kinds
        for kind in self._kinds:
            EDGE_DRIFT.labels(self._group.name, kind).set(report.drift[kind])
        EDGE_PASS_SECONDS.labels(self._group.name).set(seconds)
        EDGES_LEFT_ALONE.labels(self._group.name).set(report.left_alone.total())

"""The worker loop that compares all edges and counts of a group, and repairs drift."""

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

# This makes a page of a thousand rows every two seconds, plus a small statement for each shard
# that the page's edges lead to.
ROWS_PER_S = 500.0
REST_SECONDS = 300.0

# Every shard costs some statements even without edges, and those take longer on a busy machine.
# This bound keeps the machine free for requests.
WORKING_SHARE_MAX = 0.1

# A change younger than this is left to the relay, even if no event for it is found.
QUIET_SECONDS = 10.0

# A crash leaves a few dozen edges to repair, so a hundred repairs are always allowed.
REPAIR_RULES = RemovalRules(at_least=100)

log = get_logger()


class EdgeReconciler:
    """A worker loop; any number may run at once, and a kill at any point does no harm.

    It reads at most `rows_per_s` on average and works at most a tenth of the time; None lifts both
    bounds. It rests for `rest_s` after each pass.
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
        # A kind seen once keeps its gauge, so that the gauge can return to 0.
        self._kinds: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Run passes until `stop` is set; logs what it left alone."""
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
        """Run one pass; it is incomplete if `stop` was set or a primary became unreachable.

        A complete pass without doubts stores its counts, which later passes expect.
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

"""Compares both sides of every edge of every group now, and repairs certain drift."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.control.failures import SuiteFailure
from infra.control.postgres_roles import runtime_login
from infra.control.progress import Progress
from infra.control.upkeep import require_running
from infra.elsewhere.names import resolver_of
from infra.elsewhere.sessions import authority_of
from infra.suite import Suite
from shared.errors import Unavailable
from shared.jobs.edge_pass import PassReport
from shared.jobs.edge_reconciler import EdgeReconciler
from shared.network.network import Network
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import ShardMapError, ShardMapFile

# The walk needs one connection, and a repair's transaction a second one.
_POOL_MAX = 2

_FAULTS = (Unavailable, ShardMapError, *DRIVER_ERRORS)


async def reconcile_all(suite: Suite, progress: Progress, rules: RemovalRules) -> None:
    """Run a pass over each group; raises SuiteFailure with the reasons for what was left alone."""
    require_running(suite)
    failures: list[str] = []
    for name in suite.plan.groups:
        try:
            async with _opened(suite, name) as group:
                reconciler = EdgeReconciler(group, rows_per_s=None, rules=rules)
                report = await reconciler.full_pass()
        except _FAULTS as error:
            failures.append(f"The comparison of {name}'s edges did not finish: {error}")
            continue
        progress.say(f"{name}: {_summary(report)}")
        failures += [f"{name}: {reason}." for reason in report.reasons]
    if failures:
        raise SuiteFailure("\n".join(failures))


def _summary(report: PassReport) -> str:
    if not report.kinds and not report.reasons:
        return "no edges"
    return (
        f"{report.edges} edges and {report.counts} counts compared,"
        f" {report.drift.total()} drifted ({report.under_way} under way),"
        f" {report.repaired.total()} repaired, {report.left_alone.total()} left alone"
    )


@asynccontextmanager
async def _opened(suite: Suite, name: str) -> AsyncIterator[ShardGroup]:
    resolver = resolver_of(suite)
    login = runtime_login(suite, name)
    network = Network(resolver, authority_of(suite, suite.plan.groups[name]))
    try:
        group = ShardGroup(ShardMapFile(suite.folder.shard_map(name)), login, network, _POOL_MAX)
        try:
            yield group
        finally:
            await group.close()
    finally:
        await resolver.close()

"""Compares both sides of every edge of every group now, and repairs what has drifted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from infra.driving.failures import SuiteFailure
from infra.driving.progress import Progress
from infra.driving.upkeep import require_running
from infra.suite import Suite
from shared.errors import Unavailable
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.sharding.connections import PostgresLogin
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import ShardMapError, ShardMapFile
from shared.streams.edge_pass import PassReport
from shared.streams.edge_reconciler import EdgeReconciler

# The walk is sequential; the second is for the transaction of a repair.
_POOL_MAX = 2

_FAULTS = (Unavailable, ShardMapError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


async def reconcile_all(suite: Suite, progress: Progress) -> None:
    """One pass over each group; a group that cannot be asked is reported at the end."""
    require_running(suite)
    failures = []
    for name in suite.topology.groups:
        try:
            async with _opened(suite, name) as group:
                report = await EdgeReconciler(group, rows_per_s=None).full_pass()
        except _FAULTS as error:
            failures.append(f"The edges of {name} were not compared to the end: {error}")
            continue
        progress.say(f"{name}: {_summary(report)}")
    if failures:
        raise SuiteFailure("\n".join(failures))


def _summary(report: PassReport) -> str:
    if not report.kinds:
        return "no edges"
    return (
        f"{report.edges} edges and {report.counts} counts compared,"
        f" {report.drift.total()} drifted ({report.under_way} under way),"
        f" {report.repaired.total()} repaired"
    )


@asynccontextmanager
async def _opened(suite: Suite, name: str) -> AsyncIterator[ShardGroup]:
    server = suite.topology.dns
    resolver = Resolver([f"{server.address}:{server.port}"])
    login = PostgresLogin(name, suite.secrets[f"postgres_{name}"], name)
    network = Network(resolver, suite.ca_file)
    try:
        group = ShardGroup(ShardMapFile(suite.folder.shard_map(name)), login, network, _POOL_MAX)
        try:
            yield group
        finally:
            await group.close()
    finally:
        await resolver.close()

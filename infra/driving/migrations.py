"""Brings every logical shard of every group to the newest schema."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from infra.driving.failures import SuiteFailure
from infra.driving.progress import Progress
from infra.run_folder import REPOSITORY
from infra.suite import Suite
from infra.topology import Group
from shared.errors import Unavailable
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.sharding.connections import PostgresLogin
from shared.sharding.doubts import shards_text
from shared.sharding.migration_files import MigrationError
from shared.sharding.migrations import MigrationTarget, ShardStatus, migrate, migration_status
from shared.sharding.shard_map import ShardMapError

_FOUNDATION = REPOSITORY / "shared" / "sharding" / "migrations"
_FAULTS = (
    MigrationError,
    ShardMapError,
    Unavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
)


async def migrate_all(suite: Suite, progress: Progress) -> bool:
    """Apply what is missing; a run that was cut short goes on where it stood.

    One group that cannot be migrated does not hold up the others; it is reported at the end. False
    if the code is older than some shard's schema, which is said.
    """
    failures = []
    newer = []
    # One group after another: each has work for both processors already.
    for group in suite.topology.groups.values():
        try:
            async with _target(suite, group) as target:
                applied = await migrate(target, _folders(group), _ignore_progress)
                newer += newer_schemas(group.name, await migration_status(target, _folders(group)))
        except _FAULTS as error:
            failures.append(f"The migration of {group.name} stopped: {error}")
            continue
        if applied:
            progress.say(
                f"applied {applied} migrations to {group.shard_count} shards of {group.name}"
            )
    for sentence in newer:
        progress.say(sentence)
    if failures:
        raise SuiteFailure("\n".join(failures))
    return not newer


def newer_schemas(group: str, shards: list[ShardStatus]) -> list[str]:
    """A sentence for each set of migrations that shards have and this code does not."""
    by_names: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for status in shards:
        if status.unknown:
            by_names[status.unknown].add(status.shard)
    return [
        f"this code is older than the schema of {group}: {shards_text(of_shards)} at"
        f" {', '.join(names)}, which this code does not have; bring the newer code back, or make"
        " sure that the older one can live with the newer schema"
        for names, of_shards in by_names.items()
    ]


async def status_of_all(suite: Suite) -> dict[str, list[ShardStatus]]:
    """By group, how far each shard is."""
    found = {}
    for group in suite.topology.groups.values():
        async with _target(suite, group) as target:
            try:
                found[group.name] = await migration_status(target, _folders(group))
            except _FAULTS as error:
                raise SuiteFailure(f"{group.name} cannot be asked: {error}") from error
    return found


def _folders(group: Group) -> list[Path]:
    own = REPOSITORY / "services" / group.name / "migrations"
    return [_FOUNDATION, own] if own.is_dir() else [_FOUNDATION]


@asynccontextmanager
async def _target(suite: Suite, group: Group) -> AsyncIterator[MigrationTarget]:
    server = suite.topology.dns
    resolver = Resolver([f"{server.address}:{server.port}"])
    login = PostgresLogin(group.name, suite.secrets[f"postgres_{group.name}"], group.name)
    try:
        yield MigrationTarget(
            suite.folder.shard_map(group.name), login, Network(resolver, suite.ca_file)
        )
    finally:
        await resolver.close()


def _ignore_progress(_primary: str, _done: int, _of: int) -> None:
    """A whole group takes a second; a line for each of its shards would tell nobody anything."""

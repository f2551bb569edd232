"""Migrates every logical shard of every group to the newest schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.elsewhere.names import resolver_of
from infra.elsewhere.sessions import authority_of
from infra.plan.parts import ShardGroup
from infra.plan.secret_names import owner_password
from infra.rendering.data_variables import granted_role
from infra.run_folder import REPOSITORY
from infra.suite import Suite
from shared.network.network import Network
from shared.sharding.connections import PostgresLogin
from shared.sharding.migrate_command import FAULTS, bring_up_to_date, migration_folders
from shared.sharding.migrations import MigrationTarget, ShardStatus, migration_status


async def migrate_all(suite: Suite, progress: Progress) -> None:
    """Apply the missing migrations, also after an interrupted run.

    A failing group does not stop the others. Raises SuiteFailure with all failures at the end.
    """
    failures = []
    # One group after another, because each already keeps two processors busy.
    for group in suite.plan.groups.values():
        try:
            async with _target(suite, group) as target:
                done = await bring_up_to_date(target, _service(group))
        except FAULTS as error:
            failures.append(f"The migration of {group.name} stopped: {error}")
            continue
        if done.applied:
            progress.say(
                f"applied {done.applied} migrations to {done.shards} shards of {group.name}"
            )
        for sentence in done.newer:
            progress.say(sentence)
    if failures:
        raise SuiteFailure("\n".join(failures))


async def status_of_all(suite: Suite) -> dict[str, list[ShardStatus]]:
    """Return the status of each shard, by group; raises SuiteFailure."""
    found = {}
    for group in suite.plan.groups.values():
        async with _target(suite, group) as target:
            try:
                found[group.name] = await migration_status(
                    target, migration_folders(_service(group))
                )
            except FAULTS as error:
                raise SuiteFailure(f"{group.name} cannot be asked: {error}") from error
    return found


def _service(group: ShardGroup) -> Path:
    return REPOSITORY / "services" / group.name


@asynccontextmanager
async def _target(suite: Suite, group: ShardGroup) -> AsyncIterator[MigrationTarget]:
    resolver = resolver_of(suite)
    password = suite.secrets[owner_password(group.name)]
    login = PostgresLogin(group.owner, password, group.database_name)
    try:
        yield MigrationTarget(
            suite.folder.shard_map(group.name),
            login,
            Network(resolver, authority_of(suite, group)),
            granted_role(group),
        )
    finally:
        await resolver.close()

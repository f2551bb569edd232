"""Brings the shards of one service to the newest schema, told by its environment alone."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import AppError
from shared.network.network import open_network
from shared.settings import NetworkSettings, PostgresSettings, read_settings
from shared.sharding.connections import PostgresLogin
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.doubts import shards_text
from shared.sharding.migration_files import FOUNDATION, MigrationError
from shared.sharding.migrations import MigrationTarget, ShardStatus, migrate, migration_status
from shared.sharding.shard_map import ShardMapError

FAULTS = (MigrationError, ShardMapError, AppError, *DRIVER_ERRORS, OSError)

DONE = 0
STOPPED = 1
# `read_settings` ends the process with 2 where a variable is missing.
CODE_IS_OLDER = 3
INTERRUPTED = 130


class MigrateSettings(NetworkSettings, PostgresSettings):
    """What a service's own environment says of its databases; of the rest nothing is needed."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """How many migrations were applied to how many shards; `newer` as `newer_schemas` says."""

    applied: int
    shards: int
    newer: tuple[str, ...]


def main(kind: type[MigrateSettings], service: Path) -> int:
    """Migrate what the environment names, and say so; the exit status of the process.

    `service` is the folder of the service, with `migrations/`. DONE: every shard is at the newest
    migration. STOPPED: not all could be migrated, and the same command goes on. CODE_IS_OLDER: the
    shards have migrations that this code does not have.
    """
    settings = read_settings(kind)
    try:
        done = asyncio.run(_migrated(settings, service))
    except FAULTS as error:
        said = error.detail if isinstance(error, AppError) else str(error)
        sys.stderr.write(f"The migration of {service.name} stopped: {said}\n")
        return STOPPED
    except KeyboardInterrupt:
        sys.stderr.write(f"The migration of {service.name} was interrupted; run it to go on.\n")
        return INTERRUPTED
    if done.applied:
        sys.stdout.write(
            f"applied {done.applied} migrations to {done.shards} shards of {service.name}\n"
        )
    if done.newer:
        sys.stderr.writelines(f"{sentence}\n" for sentence in done.newer)
        return CODE_IS_OLDER
    sys.stdout.write(f"{service.name}: every shard is at the newest migration\n")
    return DONE


def migration_folders(service: Path) -> list[Path]:
    """Where the migrations of the service are, in the order in which they go."""
    own = service / "migrations"
    return [FOUNDATION, own] if own.is_dir() else [FOUNDATION]


async def bring_up_to_date(target: MigrationTarget, service: Path) -> Migrated:
    """Apply what is missing; runs at once wait for one another. Raises one of FAULTS."""
    folders = migration_folders(service)
    applied = await migrate(target, folders, _ignore_progress)
    status = await migration_status(target, folders)
    return Migrated(applied, len(status), tuple(newer_schemas(service.name, status)))


def newer_schemas(group: str, shards: Sequence[ShardStatus]) -> list[str]:
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


async def _migrated(settings: MigrateSettings, service: Path) -> Migrated:
    login = PostgresLogin(
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
        settings.postgres_database,
    )
    async with open_network(settings) as network:
        target = MigrationTarget(settings.shard_map_file, login, network)
        return await bring_up_to_date(target, service)


def _ignore_progress(_primary: str, _done: int, _of: int) -> None:
    """A whole group takes a second; a line for each of its shards would tell nobody anything."""

"""The command that migrates the shards of one service, configured by its environment alone."""

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
# `read_settings` exits with 2 if a variable is missing or invalid.
CODE_IS_OLDER = 3
INTERRUPTED = 130


class MigrateSettings(NetworkSettings, PostgresSettings):
    """The part of a service's settings that concerns its databases.

    The login must own them. `postgres_runtime_role` is the role that is given the rights of the
    service's processes; if empty, the processes log in as the owner.
    """

    postgres_runtime_role: str = ""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The number of applied migrations and of all shards, and the sentences of `newer_schemas`."""

    applied: int
    shards: int
    newer: tuple[str, ...]


def main(kind: type[MigrateSettings], service: Path) -> int:
    """Migrate the shards that the environment names, print the result, and return the exit status.

    `service` is the service's folder, which contains `migrations/`. DONE means that every shard is
    at the newest migration. STOPPED means that some shards could not be migrated; the same command
    continues. CODE_IS_OLDER means that shards have migrations which this code lacks. INTERRUPTED
    means Ctrl-C.
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
    """Return the service's migration folders in the order in which they apply."""
    own = service / "migrations"
    return [FOUNDATION, own] if own.is_dir() else [FOUNDATION]


async def bring_up_to_date(target: MigrationTarget, service: Path) -> Migrated:
    """Apply the missing migrations; concurrent runs take turns. Raises one of FAULTS."""
    folders = migration_folders(service)
    applied = await migrate(target, folders, _ignore_progress)
    status = await migration_status(target, folders)
    return Migrated(applied, len(status), tuple(newer_schemas(service.name, status)))


def newer_schemas(group: str, shards: Sequence[ShardStatus]) -> list[str]:
    """Return a sentence for each set of migrations that shards have and this code lacks."""
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
        target = MigrationTarget(
            settings.shard_map_file,
            login,
            network.trusting(settings.postgres_ca_file),
            settings.postgres_runtime_role,
        )
        return await bring_up_to_date(target, service)


def _ignore_progress(_primary: str, _done: int, _of: int) -> None:
    """Print nothing: a whole group takes about a second."""

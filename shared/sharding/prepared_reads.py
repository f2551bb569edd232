"""Prepares a service's hot reads before its first request."""

from collections.abc import Sequence
from pathlib import Path

from shared.sharding.schema_age import log_newer_schema
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, load_queries


async def prepare_reads(
    group: ShardGroup, service: Path, *, of_one: Sequence[str], across: Sequence[str] = ()
) -> None:
    """Prepare reads `across` shards on all connections, and reads `of_one` shard on one connection.

    `service` is the folder with `store/` and `migrations/`. A read is named by its file and block,
    such as "posts.post_counts". Also logs an error if the schema is newer than this code.
    """
    await log_newer_schema(group, service / "migrations")
    await group.warm_up(
        of_one=[_query(service, name) for name in of_one],
        across=[_query(service, name) for name in across],
    )


def _query(service: Path, name: str) -> Query:
    file, block = name.split(".")
    return load_queries(service / "store" / f"{file}.sql")[block]

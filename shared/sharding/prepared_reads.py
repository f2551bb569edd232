"""What a service reads many times a second, prepared before the first request comes."""

from collections.abc import Sequence
from pathlib import Path

from shared.sharding.schema_age import log_newer_schema
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, load_queries


async def prepare_reads(
    group: ShardGroup, service: Path, *, of_one: Sequence[str], across: Sequence[str] = ()
) -> None:
    """On all connections to each primary; says so if the schema is newer than this code.

    `service` is the folder with `store/` and `migrations/`; a read is named by its file and its
    block there, such as "posts.post_counts".
    """
    await log_newer_schema(group, service / "migrations")
    await group.warm_up(
        of_one=[_query(service, name) for name in of_one],
        across=[_query(service, name) for name in across],
    )


def _query(service: Path, name: str) -> Query:
    file, block = name.split(".")
    return load_queries(service / "store" / f"{file}.sql")[block]

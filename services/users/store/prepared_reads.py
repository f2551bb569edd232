"""What is read many times a second, to be prepared before the first request comes."""

from pathlib import Path

from shared.sharding.schema_age import log_newer_schema
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_HERE = Path(__file__).parent
_PROFILES = load_queries(_HERE / "profiles.sql")
_RELATIONS = load_queries(_HERE / "relations.sql")


async def prepare_reads(group: ShardGroup) -> None:
    """On the first connections to each primary; says so if the schema is newer than this code."""
    await log_newer_schema(group, _HERE.parent / "migrations")
    await group.warm_up(
        of_one=(_PROFILES["find_person"], _PROFILES["faces"], _RELATIONS["relations"]),
        across=(_PROFILES["faces"],),
    )

"""What is read many times a second, to be prepared before the first request comes."""

from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_HERE = Path(__file__).parent
_PROFILES = load_queries(_HERE / "profiles.sql")
_RELATIONS = load_queries(_HERE / "relations.sql")


async def prepare_reads(group: ShardGroup) -> None:
    """On the first connections to each primary."""
    await group.warm_up(
        of_one=(_PROFILES["find_person"], _PROFILES["faces"], _RELATIONS["relations"]),
        across=(_PROFILES["faces"],),
    )

"""One statement over many shards of a primary."""

from collections.abc import Sequence
from functools import lru_cache

from shared.sharding.shard_map import schema_of
from shared.sql_files import Query


@lru_cache(maxsize=256)
def union_over(query: Query, shards: tuple[int, ...]) -> str:
    """`query` in each of `shards`, put together; its last parameter is the list of those meant.

    The text is the same whichever shards are meant, so that it is prepared once: what a shard's
    part selects hangs on a condition without columns, which the executor decides before it
    touches a table.
    """
    chosen = f"${len(query.parameters) + 1}::int[]"
    parts = {shard: query.for_schema(schema_of(shard)) for shard in shards}
    return "\nUNION ALL\n".join(
        f"SELECT * FROM ({part}) AS part WHERE {shard} = ANY({chosen})"  # noqa: S608
        for shard, part in parts.items()
    )


def arguments_over(query: Query, values: dict[str, object], shards: Sequence[int]) -> list[object]:
    """The arguments of `union_over`'s statement."""
    return [*query.arguments(values), list(shards)]

"""One statement over those shards of a primary that are meant: one of them, or any number."""

from collections.abc import Sequence
from functools import lru_cache

from shared.sharding.shard_map import schema_of
from shared.sql_files import Query


def statement_over(
    query: Query,
    here: tuple[int, ...],
    chosen: Sequence[int],
    values: dict[str, object],
    first_by: str | None = None,
) -> tuple[str, list[object]]:
    """The text and the arguments that read `chosen`, of the shards that are `here`.

    One shard is read by a statement of its own, which opens a thirtieth of the tables.
    """
    if len(chosen) == 1:
        return query.for_schema(schema_of(chosen[0])), query.arguments(values)
    return union_over(query, here, first_by), arguments_over(query, values, chosen)


@lru_cache(maxsize=256)
def union_over(query: Query, shards: tuple[int, ...], first_by: str | None = None) -> str:
    """`query` in each of `shards`, put together; its last parameter is the list of those meant.

    The text is the same whichever shards are meant, so that it is prepared once: what a shard's
    part selects hangs on a condition without columns, which the executor decides before it
    touches a table.
    """
    chosen = f"${len(query.parameters) + 1}::int[]"
    parts = {shard: query.for_schema(schema_of(shard)) for shard in shards}
    union = "\nUNION ALL\n".join(
        f"SELECT * FROM ({part}) AS part WHERE {shard} = ANY({chosen})"  # noqa: S608
        for shard, part in parts.items()
    )
    if first_by is None:
        return union
    # The parts come in this order already: they are merged, and read no further than this.
    limit = f"${query.parameters.index('limit') + 1}"
    return f"SELECT * FROM ({union}) AS found ORDER BY {first_by} LIMIT {limit}"  # noqa: S608


def arguments_over(query: Query, values: dict[str, object], shards: Sequence[int]) -> list[object]:
    """The arguments of `union_over`'s statement."""
    return [*query.arguments(values), list(shards)]

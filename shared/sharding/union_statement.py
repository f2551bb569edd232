"""Builds one statement over some or all shards of a primary."""

from collections.abc import Sequence
from functools import lru_cache

from shared.sharding.shard_map import schema_of
from shared.sql_files import Query, name_statement


def statement_over(
    query: Query,
    here: tuple[int, ...],
    chosen: Sequence[int],
    values: dict[str, object],
    first_by: str | None = None,
) -> tuple[str, list[object]]:
    """Return text and arguments that read the shards `chosen` among those `here`, on one primary.

    A single shard gets its own statement, which opens far fewer tables.
    """
    if len(chosen) == 1:
        return query.for_schema(schema_of(chosen[0])), query.arguments(values)
    return union_over(query, here, first_by), arguments_over(query, values, chosen)


@lru_cache(maxsize=256)
def union_over(query: Query, shards: tuple[int, ...], first_by: str | None = None) -> str:
    """Join `query` for all `shards` by UNION ALL; the last parameter lists the chosen shards.

    The text does not depend on the choice, so it is prepared once. Each part has a condition
    without columns, which the executor checks before it touches the part's tables.
    """
    chosen = f"${len(query.parameters) + 1}::int[]"
    parts = {shard: query.for_schema(schema_of(shard)) for shard in shards}
    union = "\nUNION ALL\n".join(
        f"SELECT * FROM ({part}) AS part WHERE {shard} = ANY({chosen})"  # noqa: S608
        for shard, part in parts.items()
    )
    if first_by is None:
        name_statement(union, query.name)
        return union
    # Each part is already in this order, so the executor merges them and stops at the limit.
    limit = f"${query.parameters.index('limit') + 1}"
    merged = f"SELECT * FROM ({union}) AS found ORDER BY {first_by} LIMIT {limit}"  # noqa: S608
    name_statement(merged, query.name)
    return merged


def arguments_over(query: Query, values: dict[str, object], shards: Sequence[int]) -> list[object]:
    """Return the arguments of `union_over`'s statement."""
    return [*query.arguments(values), list(shards)]

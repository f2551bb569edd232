"""Asks every primary of a group which shards and rows it holds."""

import time
from collections.abc import Mapping, Sequence

from shared.errors import AppError
from shared.ids import EPOCH_MS
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.doubts import PrimaryFacts, ShardFacts
from shared.sharding.node_pool import NodePool
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import Primary, schema_of

_SELF = """
SELECT pg_is_in_recovery() AS is_standby, extract(epoch FROM clock_timestamp())::float8 AS now_s,
       array(SELECT right(nspname, 4)::int FROM pg_namespace
              WHERE nspname ~ '^shard_[0-9]{4}$' ORDER BY nspname) AS shards
"""
_BIRTHS = """
SELECT {shard} AS shard,
       (SELECT extract(epoch FROM min(applied_at))::float8 FROM {schema}.migration) AS born_s,
       (SELECT last_value >> 10 FROM {schema}.id_clock) AS newest_ms
"""

_NOTHING: Mapping[str, str] = {}

our_time_s = time.time


async def facts_of(
    group: ShardGroup, *, counted: Mapping[str, str] = _NOTHING
) -> list[PrimaryFacts]:
    """Ask the primaries one after the other; a `fault` stands for one that cannot be asked.

    `counted` maps names to a table, perhaps with a condition. Their rows are counted exactly, with
    one statement per shard.
    """
    return [await _facts_of_primary(group, primary, counted) for primary in group.primaries()]


async def _facts_of_primary(
    group: ShardGroup, primary: Primary, counted: Mapping[str, str]
) -> PrimaryFacts:
    shards = group.shards_on(primary.name)
    node = group.pool_of(primary)
    try:
        before_s = our_time_s()
        (said,) = await node.fetch(_SELF, ())
        after_s = our_time_s()
        held = await _held(node, said["shards"], frozenset(shards), counted)
    except AppError as error:
        return PrimaryFacts(primary.name, shards, fault=error.detail.rstrip("."))
    except DRIVER_ERRORS as error:
        return PrimaryFacts(primary.name, shards, fault=str(error) or type(error).__name__)
    return PrimaryFacts(
        primary.name,
        shards,
        held,
        is_standby=said["is_standby"],
        clock_ahead_s=_outside(said["now_s"], before_s, after_s),
    )


async def _held(
    node: NodePool, there: Sequence[int], mapped: frozenset[int], counted: Mapping[str, str]
) -> dict[int, ShardFacts]:
    if not there:
        return {}
    births = "UNION ALL".join(
        _BIRTHS.format(shard=shard, schema=schema_of(shard)) for shard in there
    )
    rows = await node.fetch(births, ())
    return {
        row["shard"]: ShardFacts(
            row["born_s"] or 0.0,
            row["newest_ms"] + EPOCH_MS,
            await _counts(node, row["shard"], counted) if row["shard"] in mapped else {},
        )
        for row in rows
    }


async def _counts(node: NodePool, shard: int, counted: Mapping[str, str]) -> dict[str, int]:
    if not counted:
        return {}
    schema = schema_of(shard)
    columns = ", ".join(f"(SELECT count(*) FROM {schema}.{table})" for table in counted.values())  # noqa: S608
    (row,) = await node.fetch(f"SELECT {columns}", ())
    return dict(zip(counted, row.values(), strict=True))


def _outside(value: float, low: float, high: float) -> float:
    """Return how far a value lies above (positive) or below (negative) a range; 0 within it."""
    return max(value - high, 0.0) + min(value - low, 0.0)

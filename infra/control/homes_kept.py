"""Writes each shard's home into its schema, and keeps new ids above all issued ones."""

import asyncio
from collections.abc import Collection, Mapping

import asyncpg

from infra.control.closing import close_connection
from infra.elsewhere.sessions import connect_operator
from infra.holdings.homes import Homes
from infra.holdings.inside import say_homes
from infra.holdings.ledger import Ledger
from infra.plan.parts import Member
from infra.suite import Suite

# An id clock runs at most about a second ahead; another second covers transactions under way.
ID_MARGIN_MS = 2_000
_RAISE = """
DO $$
DECLARE
    clock regclass;
    floor_ms bigint := greatest(
        {floor_ms},
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000,
        (SELECT coalesce(max(last_value), 0) >> 10 FROM pg_sequences
          WHERE sequencename = 'id_clock')
    ) + {margin_ms};
BEGIN
    FOR clock IN SELECT oid FROM pg_class WHERE relkind = 'S' AND relname = 'id_clock' LOOP
        PERFORM setval(clock, floor_ms << 10);
    END LOOP;
END
$$
"""


_LOWEST = "SELECT min(last_value) >> 10 FROM pg_sequences WHERE sequencename = 'id_clock'"


async def keep_homes(
    suite: Suite, ledger: Ledger, homes: Mapping[str, Homes], replaced: Collection[str]
) -> None:
    """After migrations, write the homes of new shards, and raise `replaced` primaries' clocks."""
    nodes = {node.name: node for one in suite.plan.every_database for node in one.members}
    for decided in homes.values():
        shards_by_primary: dict[str, list[int]] = {}
        for shard in decided.to_say:
            shards_by_primary.setdefault(decided.primary_by_shard[shard], []).append(shard)
        await asyncio.gather(
            *(
                say_homes(suite, nodes[name], shards, decided.version)
                for name, shards in shards_by_primary.items()
            )
        )
    for name in sorted(set(replaced) & set(nodes)):
        await raise_id_clocks(suite, nodes[name], ledger.primaries[name].id_clock_ms)


async def raise_id_clocks(suite: Suite, node: Member, floor_ms: int) -> None:
    """Raise the id clocks of a running primary."""
    connection = await connect_operator(suite, node, writes=True)
    try:
        await raise_id_clocks_over(connection, floor_ms)
    finally:
        await close_connection(connection)


async def raise_id_clocks_over(
    connection: "asyncpg.Connection[asyncpg.Record]", floor_ms: int
) -> int:
    """Move every id clock of a database above `floor_ms`, the time, and the highest of its clocks.

    All times are milliseconds since 2025-01-01. Returns the lowest clock afterwards.
    """
    await connection.execute(_RAISE.format(floor_ms=int(floor_ms), margin_ms=ID_MARGIN_MS))
    return int(await connection.fetchval(_LOWEST) or 0)

"""An edge pass removes nothing that a doubtful shard may have lost."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shared.edges.edges import Edges
from shared.jobs.edge_pass import PassReport
from shared.jobs.edge_reconciler import REPAIR_RULES, EdgeReconciler
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase

_numbers = itertools.count(5_000_000)

MIRRORS = parse_query("mirrors", "SELECT src, dst FROM :schema.edge_in WHERE state = 'active'")
FORGET_TRUTH = "DELETE FROM :schema.edge_out"
EDGES = 40


@pytest.fixture
async def database(postgres_nodes: PostgresNodes, tmp_path: Path) -> AsyncIterator[ShardedDatabase]:
    """A database per test, because the tests damage it."""
    made = ShardedDatabase(postgres_nodes, tmp_path)
    await made.migrate()
    yield made
    for node in postgres_nodes.all:
        node.start()


@pytest.fixture
async def group(database: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with database.open() as opened:
        yield opened


def person(shard: int) -> int:
    return (next(_numbers) << 23) | (shard << 10)


async def has_edges(group: ShardGroup) -> set[tuple[int, int]]:
    """Put edges from every shard to every other one; returns the mirrors."""
    follows = Edges(group, "follow")
    for number in range(EDGES):
        await follows.put(person(number % SHARD_COUNT), person((number * 3 + 1) % SHARD_COUNT))
    return await mirrors(group)


async def mirrors(group: ShardGroup) -> set[tuple[int, int]]:
    rows = await group.rows_across(MIRRORS, group.shards())
    return {(row["src"], row["dst"]) for row in rows}


async def one_pass(group: ShardGroup, **rules: object) -> PassReport:
    chosen = replace(REPAIR_RULES, **rules)  # type: ignore[arg-type]
    reconciler = EdgeReconciler(group, rows_per_s=None, quiet_s=0, rules=chosen)
    return await reconciler.full_pass()


def shard_emptied(database: ShardedDatabase) -> None:
    """Delete the rows but keep the id clock, as after restoring an older or empty copy."""
    for shard in range(4):
        database.psql(shard, FORGET_TRUTH)


def shard_made_anew(database: ShardedDatabase) -> None:
    """Pretend that the shard was created again an hour from now, after a lost primary."""
    for shard in range(4):
        database.psql(
            shard, f"{FORGET_TRUTH}; UPDATE :schema.migration SET applied_at = now() + '1 h'"
        )


def shard_set_back(database: ShardedDatabase) -> None:
    """Set the id clock back, as after restoring an older copy of the shard."""
    for shard in range(4):
        database.psql(
            shard, f"{FORGET_TRUTH}; SELECT setval(':schema.id_clock', 1000::bigint << 10)"
        )


async def test_mirrors_stay_when_shards_hold_far_less_than_at_the_last_good_look(
    group: ShardGroup, database: ShardedDatabase
) -> None:
    before = await has_edges(group)
    assert (await one_pass(group)).reasons == []
    shard_emptied(database)
    report = await one_pass(group)
    assert await mirrors(group) == before
    assert report.repaired.total() == 0
    assert any("at the last good look" in reason for reason in report.reasons)
    # The next pass reports it again, until the operator declares the primary lost.
    assert (await one_pass(group)).reasons != []
    report = await one_pass(group, lost=frozenset({"a"}))
    assert report.reasons == []
    assert len(await mirrors(group)) == len(before) // 2


@pytest.mark.parametrize(
    ("lose", "said"),
    [(shard_made_anew, "made them anew"), (shard_set_back, "not given out yet")],
)
async def test_without_any_earlier_look_what_is_kept_elsewhere_still_tells(
    group: ShardGroup,
    database: ShardedDatabase,
    lose: Callable[[ShardedDatabase], None],
    said: str,
) -> None:
    before = await has_edges(group)
    lose(database)
    report = await one_pass(group)
    assert await mirrors(group) == before
    assert report.left_alone["orphan"] == len(before) // 2
    assert any(said in reason for reason in report.reasons)
    report = await one_pass(group, lost=frozenset({"a"}))
    assert report.reasons == []
    assert len(await mirrors(group)) == len(before) // 2


async def test_a_primary_that_is_away_takes_no_edge_with_it(
    group: ShardGroup, database: ShardedDatabase, postgres_nodes: PostgresNodes
) -> None:
    before = await has_edges(group)
    # An orphan between reachable shards is repaired anyway.
    src, dst, version = person(5), person(6), database.psql(5, "SELECT :schema.next_id()")
    database.psql(
        6,
        "INSERT INTO :schema.edge_in (kind, src, dst, state, version)"
        f" VALUES ('follow', {src}, {dst}, 'active', {version})",
    )
    with stopped(postgres_nodes):
        report = await one_pass(group)
        assert any("could not be asked" in reason for reason in report.reasons)
        assert report.repaired["follow", "orphan"] == 1
    assert await mirrors(group) == before

    async def is_asked_again() -> None:
        # A pool does not retry an unreachable server for some time.
        assert (await one_pass(group)).reasons == []

    await eventually(is_asked_again)


@contextmanager
def stopped(nodes: PostgresNodes) -> Iterator[None]:
    nodes.a.stop()
    try:
        yield
    finally:
        nodes.a.start()


async def test_a_shard_that_two_primaries_hold_is_left_alone(
    group: ShardGroup, database: ShardedDatabase
) -> None:
    """The shard map was edited, and another primary got empty shards."""
    before = await has_edges(group)
    database.write_map(shard_2="b", shard_3="b")
    await database.migrate()
    async with database.open() as misled:
        report = await one_pass(misled)
        assert report.repaired.total() == 0
        assert any("both hold them" in reason for reason in report.reasons)
    database.write_map(shard_2="a", shard_3="a")
    assert await mirrors(group) == before


async def test_a_shard_that_a_primary_lacks_is_left_alone(
    group: ShardGroup, database: ShardedDatabase
) -> None:
    before = await has_edges(group)
    database.psql(1, "ALTER SCHEMA :schema RENAME TO gone")
    report = await one_pass(group)
    assert report.repaired.total() == 0
    assert any("does not hold them" in reason for reason in report.reasons)
    database.psql(1, "ALTER SCHEMA gone RENAME TO :schema")
    assert await mirrors(group) == before


async def test_an_edge_missing_from_its_mirror_is_added_beside_a_doubt(
    group: ShardGroup, database: ShardedDatabase
) -> None:
    follows = Edges(group, "follow")
    src, dst = person(4), person(5)
    await follows.put(src, dst)
    database.psql(5, "DELETE FROM :schema.edge_in")
    database.psql(1, "ALTER SCHEMA :schema RENAME TO gone")
    report = await one_pass(group)
    assert report.repaired["follow", "missing"] == 1
    database.psql(1, "ALTER SCHEMA gone RENAME TO :schema")
    assert await mirrors(group) == {(src, dst)}

"""A real suite keeps its ledger in the run folder, in each database and in the store."""

import json

from infra.holdings.ledger import read_ledger
from infra.leaders import followers, leads
from tests.eventually import eventually
from tests.suite import Suite


def _primaries(suite: Suite) -> list[str]:
    return [node.name for node in suite.plan.members if leads(node)]


async def test_the_ledger_knows_what_each_primary_is(data_suite: Suite) -> None:
    ledger = read_ledger(data_suite.run_dir / "ledger.json")
    assert ledger is not None
    for name in _primaries(data_suite):
        async with data_suite.postgres(name) as connection:
            identifier = await connection.fetchval(
                "SELECT system_identifier::text FROM pg_control_system()"
            )
        entry = ledger.primaries[name]
        assert entry.system_identifier == identifier
        assert entry.position > 0
        assert entry.shards


async def test_each_database_keeps_the_ledger_and_says_which_primary_it_is(
    data_suite: Suite,
) -> None:
    ledger = read_ledger(data_suite.run_dir / "ledger.json")
    assert ledger is not None
    for name in _primaries(data_suite):
        async with data_suite.postgres(name) as connection:
            row = await connection.fetchrow(
                "SELECT primary_name, document->>'suite' AS suite FROM suite.ledger"
            )
        assert row is not None
        assert (row["primary_name"], row["suite"]) == (name, ledger.suite)


async def test_each_shard_says_where_it_lives(data_suite: Suite) -> None:
    for name in _primaries(data_suite):
        async with data_suite.postgres(name) as connection:
            said = await connection.fetch(
                "SELECT DISTINCT obj_description(oid, 'pg_namespace') AS said FROM pg_namespace"
                " WHERE nspname ~ '^shard_[0-9]{4}$'"
            )
        assert [row["said"] for row in said] == [f"home={name} version=1"]


async def test_the_store_says_whose_it_is(data_suite: Suite) -> None:
    ledger = read_ledger(data_suite.run_dir / "ledger.json")
    bucket = data_suite.run_dir / "data" / "store" / data_suite.plan.store.bucket
    marker = json.loads((bucket / "suite" / "marker.json").read_text(encoding="utf-8"))
    assert ledger is not None
    assert ledger.store is not None
    assert marker["identity"] == ledger.store.identity


async def test_secrets_are_not_in_the_ledger(data_suite: Suite) -> None:
    text = (data_suite.run_dir / "ledger.json").read_text(encoding="utf-8")
    secrets = json.loads((data_suite.run_dir / "secrets.json").read_text(encoding="utf-8"))
    assert not [name for name, value in secrets.items() if value in text]


async def test_a_slot_is_kept_for_each_replica_and_for_nobody_else(data_suite: Suite) -> None:
    for group in data_suite.plan.groups.values():
        for database in group.databases:
            async with data_suite.postgres(database.name) as connection:
                rows = await connection.fetch("SELECT slot_name FROM pg_replication_slots")
            wanted = {replica.name.replace("-", "_") for replica in followers(database)}
            assert {row["slot_name"] for row in rows} == wanted


async def test_a_replica_that_has_only_just_connected_is_not_yet_well(data_suite: Suite) -> None:
    name = "postgres-users-a-replica"

    async def is_well() -> None:
        assert await data_suite.is_healthy(name)

    await eventually(is_well)
    async with data_suite.postgres("users-a") as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_replication"
            " WHERE application_name = 'users_a_replica'"
        )
        assert not await data_suite.is_healthy(name)
    await eventually(is_well)

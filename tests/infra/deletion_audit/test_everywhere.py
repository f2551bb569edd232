"""The audit finds an id in any database column, in Redis and in the store."""

import secrets
from dataclasses import replace

import pytest

from infra.control.progress import Progress
from infra.deletion_audit.everywhere import check_deleted
from tests.suite import Suite


def _new_id() -> int:
    return secrets.randbits(62)


async def test_an_id_is_found_in_numbers_and_in_documents(data_suite: Suite) -> None:
    wanted = _new_id()
    async with data_suite.postgres("users-a") as connection:
        await connection.execute("CREATE TABLE shard_0000.novelty (owner bigint, said jsonb)")
        try:
            await connection.execute(
                "INSERT INTO shard_0000.novelty VALUES ($1, '{}'), (1, $2), (1, $3)",
                wanted,
                f'{{"of": {wanted}}}',
                f'{{"of": {wanted}0}}',
            )
            found = await data_suite.remains(str(wanted))
        finally:
            await connection.execute("DROP TABLE shard_0000.novelty")
    assert [(one.place, one.rows) for one in found] == [("users-a: shard_0000.novelty", 2)]


async def test_a_removed_edge_may_stay_and_a_standing_one_may_not(data_suite: Suite) -> None:
    wanted = _new_id()
    async with data_suite.postgres("feed-a") as connection:
        await connection.execute(
            "INSERT INTO shard_0001.edge_out (kind, src, dst, state, version)"
            " VALUES ('like', $1, 5, 'removed', 1)",
            wanted,
        )
        assert await data_suite.remains(str(wanted)) == []
        await connection.execute(
            "UPDATE shard_0001.edge_out SET state = 'active' WHERE src = $1", wanted
        )
        found = await data_suite.remains(str(wanted))
        await connection.execute("DELETE FROM shard_0001.edge_out WHERE src = $1", wanted)
    assert [one.place for one in found] == ["feed-a: shard_0001.edge_out"]


async def test_an_id_is_found_in_redis_and_in_the_store(data_suite: Suite) -> None:
    wanted = _new_id()
    folder = data_suite.run_dir / "data" / "store" / "retrato-photos" / "renditions" / str(wanted)
    folder.mkdir(parents=True)
    (folder / "thumb-0123456789abcdef.jpg").write_bytes(b"x")
    async with data_suite.redis("feed") as client:
        await client.rpush("some list", 1, wanted)
        found = await data_suite.remains(str(wanted))
        await client.delete("some list")
    (folder / "thumb-0123456789abcdef.jpg").unlink()
    folder.rmdir()
    assert [one.place for one in found] == ["redis-feed", "store"]


@pytest.mark.parametrize(
    ("kind", "searched"),
    [("embedded", "Postgres, Redis and the store"), ("external", "Postgres and Redis")],
)
async def test_the_last_line_names_what_was_searched(
    data_suite: Suite, capsys: pytest.CaptureFixture[str], kind: str, searched: str
) -> None:
    suite = data_suite.on_disk
    store = replace(suite.plan.store, kind=kind)
    suite = replace(suite, plan=replace(suite.plan, store=store))
    await check_deleted(suite, [_new_id()], Progress())
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith(f"nothing is left in {searched}")
    is_told = any("the external store was not searched" in line for line in lines)
    assert is_told is (kind == "external")

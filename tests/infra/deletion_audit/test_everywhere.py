"""The audit finds an id in any database column, in Redis and in the store."""

import os
import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest

from infra.control.progress import Progress
from infra.deletion_audit.everywhere import check_deleted
from infra.deletion_audit.found import pattern_of
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
            " VALUES ('like', $1, 5, 'removed', shard_0001.next_id())",
            wanted,
        )
        try:
            assert await data_suite.remains(str(wanted)) == []
            for change in (
                "state = 'active'",
                "state = 'removed', version = version - 49 * $2::bigint",
            ):
                hour = 3600_000 << 23
                await connection.execute(
                    f"UPDATE shard_0001.edge_out SET {change} WHERE src = $1 AND $2::bigint > 0",
                    wanted,
                    hour,
                )
                found = await data_suite.remains(str(wanted))
                assert [one.place for one in found] == ["feed-a: shard_0001.edge_out"]
        finally:
            await connection.execute("DELETE FROM shard_0001.edge_out WHERE src = $1", wanted)


async def test_a_name_is_found_in_a_column_of_any_type_that_can_hold_one(
    data_suite: Suite,
) -> None:
    name, number = f"alice.{secrets.token_hex(4)}", str(_new_id())
    said = name.upper()
    by_type = {
        "text": said,
        "varchar": said,
        "bytea": said,
        "jsonb": f'{{"by": "{said}"}}',
        "text[]": f"{{x,{said}}}",
        "xml": f"<by>{said}</by>",
        "numeric": number,
    }
    columns = ", ".join(f"c{at} {kind}" for at, kind in enumerate(by_type))
    async with data_suite.postgres("users-b") as connection:
        await connection.execute(f"CREATE TABLE shard_0063.novelty ({columns})")
        try:
            for at, (kind, literal) in enumerate(by_type.items()):
                # A longer word, or number, is another one.
                longer = literal.replace(said, f"{said}0").replace(number, f"{number}0")
                await connection.execute(
                    f"INSERT INTO shard_0063.novelty (c{at})"
                    f" VALUES ($1::text::{kind}), ($2::text::{kind})",
                    literal,
                    longer,
                )
            found = await data_suite.remains(name, number)
        finally:
            await connection.execute("DROP TABLE shard_0063.novelty")
    assert [(one.place, one.wanted, one.rows) for one in found] == [
        ("users-b: shard_0063.novelty", name, len(by_type) - 1),
        ("users-b: shard_0063.novelty", number, 1),
    ]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("by alice.m", True),
        ("Alice.M.", True),
        ('["alice.m"]', True),
        ("sign_in:alice.m", True),
        ("alice.m2", False),
        ("alice.m.x", False),
        ("malice.m", False),
        ("alice-m", False),
        ("alice.m@mail.example", False),
    ],
)
def test_a_name_is_a_whole_word(text: str, is_found: bool) -> None:
    assert bool(pattern_of("alice.m").search(text)) is is_found


def _make_as_its_owner_would(folder: Path) -> None:
    """Make a folder and those above it; the process that owns the tree writes there, too."""
    if not folder.exists():
        _make_as_its_owner_would(folder.parent)
        folder.mkdir()
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


async def test_an_id_is_found_in_redis_and_in_the_store(data_suite: Suite) -> None:
    wanted = _new_id()
    folder = data_suite.run_dir / "data" / "store" / "retrato-photos" / "renditions" / str(wanted)
    _make_as_its_owner_would(folder)
    (folder / "thumb-0123456789abcdef.jpg").write_bytes(b"x")
    async with data_suite.redis("feed") as client:
        await client.rpush("some list", 1, wanted)
        found = await data_suite.remains(str(wanted))
        await client.delete("some list")
    (folder / "thumb-0123456789abcdef.jpg").unlink()
    folder.rmdir()
    assert [one.place for one in found] == ["redis-feed", "store"]


async def test_a_picture_in_a_balancers_cache_is_found_by_its_address(data_suite: Suite) -> None:
    wanted = _new_id()
    folder = data_suite.run_dir / "cache" / "nginx-1" / "photos" / "a" / "bc"
    _make_as_its_owner_would(folder)
    file = folder / "novelty"
    file.write_bytes(b"\0\1\nKEY: /renditions/%d/thumb.jpg\nHTTP/1.1 200 OK" % wanted)
    found = await data_suite.remains(str(wanted))
    # That it is gone may be kept for a day.
    file.write_bytes(b"\0\1\nKEY: /renditions/%d/thumb.jpg\nHTTP/1.1 404 Not Found" % wanted)
    found_young = await data_suite.remains(str(wanted))
    then = time.time() - 26 * 3600
    os.utime(file, (then, then))
    found_old = await data_suite.remains(str(wanted))
    file.unlink()
    assert [one.place for one in found] == ["balancers' caches"]
    assert found_young == []
    assert found_old == found


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
    await check_deleted(suite, [str(_new_id())], Progress())
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith(f"nothing is left in {searched}")
    is_told = any("the external store was not searched" in line for line in lines)
    assert is_told is (kind == "external")

"""At a start, something is lost, damaged, older or from another suite."""

import json
import os
import shutil
from pathlib import Path

from infra.holdings.control_data import read_control_data
from tests.infra.mistakes.mirror import mirror
from tests.infra.mistakes.stage import Stage


def _remove(stage: Stage, name: str) -> None:
    path = stage.path(name)
    stage.did(f"rm -r {path.name}")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _exchange(one: Path, other: Path) -> None:
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)
    # Two servers may have written files of one size in the same tick of the clock. The next reset
    # takes such files for those that it would restore, unless their times are new.
    for file in (*one.rglob("*"), *other.rglob("*")):
        os.utime(file, follow_symlinks=False)


async def _write_more(stage: Stage) -> None:
    """Publish one more post, so that earlier copies are older."""
    stage.infra("up")
    async with stage.suite().postgres("users-a") as connection:
        await connection.execute("CREATE TABLE shard_0000.later AS SELECT 1 AS one")
    stage.infra("down")


async def a_primary_is_lost_and_promoted(stage: Stage) -> None:
    """the folder of users-a is lost; its replica is promoted"""
    _remove(stage, "users-a")
    stage.refuses("users-a is missing", "shards 0 to 31 of users", "make promote P=users-a")
    stage.says(["promote", "users-a"], status=0, words=["all that was seen", "ids go on from"])
    await stage.comes_up()


async def a_primary_of_upload_is_promoted(stage: Stage) -> None:
    """the folder of upload-b is lost; its replica is promoted"""
    _remove(stage, "upload-b")
    stage.refuses("upload-b is missing", "make promote P=upload-b")
    stage.says(["promote", "upload-b"], status=0, words=["all that was seen"])
    await stage.comes_up()


async def a_primary_of_feed_is_promoted(stage: Stage) -> None:
    """the folder of feed-a is lost; its replica is promoted"""
    _remove(stage, "feed-a")
    stage.refuses("feed-a is missing", "make promote P=feed-a")
    stage.says(["promote", "feed-a"], status=0, words=["all that was seen"])
    await stage.comes_up()


async def a_primary_is_lost_and_put_back(stage: Stage) -> None:
    """the folder of feed-b is lost, then put back"""
    place = stage.path("feed-b")
    stage.did("mv feed-b away")
    place.rename(place.with_name("elsewhere"))
    stage.refuses("feed-b is missing", "put")
    stage.did("mv it back")
    place.with_name("elsewhere").rename(place)
    await stage.comes_up()


async def a_primary_and_its_replica_are_lost(stage: Stage) -> None:
    """users-a and its replica are lost; begun anew by word"""
    _remove(stage, "users-a")
    _remove(stage, "users-a-replica")
    stage.refuses("No replica of it is left", "ANEW=users-a")
    await stage.comes_up("--anew", "users-a", same=False)


async def a_folder_is_empty(stage: Stage) -> None:
    """the folder of users-b is empty, as when a disk is not mounted"""
    shutil.rmtree(stage.path("users-b"))
    place = stage.folder / "data" / "postgres" / "users-b"
    place.mkdir()
    shutil.chown(place, "postgres", "postgres")
    stage.did("emptied users-b")
    stage.refuses("PG_VERSION is missing", "make promote P=users-b")


async def a_control_file_is_garbled(stage: Stage) -> None:
    """pg_control of feed-a is garbled"""
    (stage.path("feed-a") / "global" / "pg_control").write_bytes(b"\0" * 8192)
    stage.did("overwrote pg_control with zeros")
    stage.refuses("pg_control cannot be read", "make promote P=feed-a")


async def a_log_segment_is_lost(stage: Stage) -> None:
    """the log segment of the last checkpoint of users-a is lost"""
    segments = sorted((stage.path("users-a") / "pg_wal").glob("0*"))
    for segment in segments:
        if segment.is_file() and len(segment.name) == 24:
            segment.unlink()
    stage.did("rm pg_wal/0000*")
    stage.refuses("lacks the segment", "make promote P=users-a")
    stage.says(["promote", "users-a"], status=0, words=["all that was seen"])
    await stage.comes_up()


async def an_older_primary_with_a_newer_replica(stage: Stage) -> None:
    """an older copy of users-a is put back; its replica is newer"""
    old = stage.folder.with_name(stage.folder.name + "-old-users-a")
    mirror(stage.path("users-a"), old)
    await _write_more(stage)
    mirror(old, stage.path("users-a"))
    shutil.rmtree(old)
    stage.did("put an older copy of users-a back")
    stage.refuses("is older than what was here", "make promote P=users-a")
    stage.says(["promote", "users-a"], status=0, words=["all that was seen"])
    stage.says(["up"], status=0, words=["everything answers"])
    async with stage.suite().postgres("users-a") as connection:
        if await connection.fetchval("SELECT one FROM shard_0000.later") != 1:
            stage.record.faults.append("what the replica had is missing")
        await connection.execute("DROP TABLE shard_0000.later")
    await stage.look()


async def an_older_primary_and_replica(stage: Stage) -> None:
    """older copies of users-a and of its replica are put back; counted by word"""
    names = ("users-a", "users-a-replica")
    for name in names:
        mirror(stage.path(name), stage.folder.with_name(f"{stage.folder.name}-old-{name}"))
    await _write_more(stage)
    for name in names:
        mirror(stage.folder.with_name(f"{stage.folder.name}-old-{name}"), stage.path(name))
        shutil.rmtree(stage.folder.with_name(f"{stage.folder.name}-old-{name}"))
    stage.did("put older copies of both back")
    stage.refuses("is older than what was here", "of log before", "AS_IS=users-a")
    await stage.comes_up("--as-is", "users-a")


async def an_older_primary_and_no_ledger(stage: Stage) -> None:
    """older copies of users-a and its replica, and the ledger is lost too"""
    names = ("users-a", "users-a-replica")
    for name in names:
        mirror(stage.path(name), stage.folder.with_name(f"{stage.folder.name}-old-{name}"))
    await _write_more(stage)
    for name in names:
        mirror(stage.folder.with_name(f"{stage.folder.name}-old-{name}"), stage.path(name))
        shutil.rmtree(stage.folder.with_name(f"{stage.folder.name}-old-{name}"))
    _remove(stage, "ledger.json")
    stage.did("put older copies of both back")
    stage.says(["up"], status=1, words=["is older than what was here"])


async def primaries_are_exchanged(stage: Stage) -> None:
    """the folders of users-a and users-b are exchanged"""
    _exchange(stage.path("users-a"), stage.path("users-b"))
    stage.did("exchanged users-a and users-b")
    stage.refuses("belongs to users-b", "belongs to users-a")


async def primaries_are_exchanged_without_a_ledger(stage: Stage) -> None:
    """users-a and users-b are exchanged with their replicas, and the ledger is lost"""
    for suffix in ("", "-replica"):
        _exchange(stage.path(f"users-a{suffix}"), stage.path(f"users-b{suffix}"))
    _remove(stage, "ledger.json")
    stage.did("exchanged users-a and users-b")
    stage.says(["up"], status=1, words=["says that it is users-b", "Put each back"])


async def replicas_are_exchanged(stage: Stage) -> None:
    """the folders of two replicas are exchanged"""
    _exchange(stage.path("users-a-replica"), stage.path("users-b-replica"))
    stage.did("exchanged users-a-replica and users-b-replica")
    await stage.comes_up()


async def a_replica_is_damaged(stage: Stage) -> None:
    """a replica's control file is garbled"""
    (stage.path("feed-a-replica") / "global" / "pg_control").write_bytes(b"")
    stage.did("emptied pg_control of feed-a-replica")
    await stage.comes_up()


async def a_replica_is_lost(stage: Stage) -> None:
    """a replica's folder is lost"""
    _remove(stage, "feed-a-replica")
    await stage.comes_up()


async def an_older_replica(stage: Stage) -> None:
    """an older copy of a replica is put back; its primary is newer and has the log since then"""
    await _put_older_replica_back(stage, segments=0)
    await stage.comes_up()


async def an_older_replica_without_its_log(stage: Stage) -> None:
    """an older copy of a replica is put back; its primary no longer has the log since then"""
    await _put_older_replica_back(stage, segments=3)
    stage.says(["up"], status=0, words=["copied anew", "everything answers"])
    await stage.look()


async def _put_older_replica_back(stage: Stage, *, segments: int) -> None:
    old = stage.folder.with_name(stage.folder.name + "-old-replica")
    mirror(stage.path("feed-a-replica"), old)
    stage.infra("up")
    async with stage.suite().postgres("feed-a") as connection:
        for _ in range(segments):
            await connection.execute("CREATE TABLE public.later (one int); DROP TABLE public.later")
            await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    stage.infra("down")
    mirror(old, stage.path("feed-a-replica"))
    shutil.rmtree(old)
    lost = _lose_log_between(stage.path("feed-a-replica"), stage.path("feed-a")) if segments else 0
    stage.did(f"put an older copy of feed-a-replica back, {lost} segments of log gone")


def _lose_log_between(replica: Path, primary: Path) -> int:
    """Delete the WAL that the replica needs, but not the WAL that the primary needs to start."""
    control = read_control_data(primary)
    first = control.segment_of(read_control_data(replica).position)
    needed = range(first, control.segment_of(control.redo))
    for number in needed:
        parts = divmod(number, (1 << 32) // control.segment_bytes)
        name = f"{control.timeline:08X}{parts[0]:08X}{parts[1]:08X}"
        (primary / "pg_wal" / name).unlink(missing_ok=True)
    return len(needed)


async def a_replica_in_a_primary_s_place(stage: Stage) -> None:
    """a replica's folder is copied to its primary's place"""
    mirror(stage.path("users-a-replica"), stage.path("users-a"))
    stage.did("cp -a users-a-replica users-a")
    stage.refuses("standby.signal")
    stage.says(["promote", "users-a"], status=0, words=["all that was seen"])
    await stage.comes_up()


async def a_replica_without_its_signal(stage: Stage) -> None:
    """standby.signal of a replica is deleted, so that it would start as a second primary"""
    (stage.path("users-a-replica") / "standby.signal").unlink()
    stage.did("rm users-a-replica/standby.signal")
    await stage.comes_up()


async def the_ledger_is_lost(stage: Stage) -> None:
    """the ledger is lost"""
    before = stage.ledger()["suite"]
    _remove(stage, "ledger.json")
    await stage.comes_up()
    if stage.ledger()["suite"] != before:
        stage.record.faults.append("it was not read back from the databases")


async def the_ledger_is_broken(stage: Stage) -> None:
    """the ledger is cut in the middle"""
    file = stage.folder / "ledger.json"
    file.write_text(file.read_text(encoding="utf-8")[:500], encoding="utf-8")
    stage.did("cut ledger.json")
    stage.says(["up"], status=1, words=["ledger.json, line", "not JSON"])


async def ledger_and_primary_are_lost(stage: Stage) -> None:
    """the ledger and the folder of users-a are lost"""
    _remove(stage, "ledger.json")
    _remove(stage, "users-a")
    stage.refuses("users-a is missing", "make promote P=users-a")
    stage.says(["promote", "users-a"], status=0, words=["has the place"])
    await stage.comes_up()


async def a_map_is_lost(stage: Stage) -> None:
    """a shard map is lost"""
    _remove(stage, "data/shard_maps/users.json")
    await stage.comes_up()


async def a_map_is_broken(stage: Stage) -> None:
    """a shard map is cut in the middle"""
    file = stage.folder / "data/shard_maps/users.json"
    file.write_text(file.read_text(encoding="utf-8")[:200], encoding="utf-8")
    stage.did("cut users.json")
    stage.refuses("users.json, line", "rm")
    file.unlink()
    stage.did("rm users.json")
    await stage.comes_up()


async def a_map_of_another_run(stage: Stage) -> None:
    """a shard map with other ranges is put in place"""
    file = stage.folder / "data/shard_maps/users.json"
    drawn = json.loads(file.read_text(encoding="utf-8"))
    drawn["shards"][0]["last"], drawn["shards"][1]["first"] = 15, 16
    file.write_text(json.dumps(drawn), encoding="utf-8")
    stage.did("edited the ranges of users.json")
    stage.refuses("not the map that was written last", "read back from the primaries")


async def a_newer_map_that_is_wrong(stage: Stage) -> None:
    """a shard map with other ranges and a higher version is put in place"""
    file = stage.folder / "data/shard_maps/users.json"
    drawn = json.loads(file.read_text(encoding="utf-8"))
    drawn["shards"][0]["last"], drawn["shards"][1]["first"] = 15, 16
    file.write_text(json.dumps({**drawn, "version": 9}), encoding="utf-8")
    stage.did("edited the ranges and the version of users.json")
    stage.says(["up"], status=1, words=["shards 16 to 31 live on users-b"])


LOSSES = [
    a_primary_is_lost_and_promoted,
    a_primary_of_upload_is_promoted,
    a_primary_of_feed_is_promoted,
    a_primary_is_lost_and_put_back,
    a_primary_and_its_replica_are_lost,
    a_folder_is_empty,
    a_control_file_is_garbled,
    a_log_segment_is_lost,
    an_older_primary_with_a_newer_replica,
    an_older_primary_and_replica,
    an_older_primary_and_no_ledger,
    primaries_are_exchanged,
    primaries_are_exchanged_without_a_ledger,
    replicas_are_exchanged,
    a_replica_is_damaged,
    a_replica_is_lost,
    an_older_replica,
    an_older_replica_without_its_log,
    a_replica_in_a_primary_s_place,
    a_replica_without_its_signal,
    the_ledger_is_lost,
    the_ledger_is_broken,
    ledger_and_primary_are_lost,
    a_map_is_lost,
    a_map_is_broken,
    a_map_of_another_run,
    a_newer_map_that_is_wrong,
]

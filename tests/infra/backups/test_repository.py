"""A real backup of a real primary restores exactly, and damage to it is found."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.backups.bucket import Bucket
from infra.backups.drill import compare
from infra.backups.pgbackrest import Backup, Repository, archived_segments, at_position
from infra.backups.place import Place, backup_folder
from infra.backups.primaries import mark_and_switch
from infra.backups.restorable import repository_in
from infra.backups.scratch_server import Scratch, recovered
from infra.backups.sealing import WrongPassphrase
from infra.backups.source import Source, own_source
from infra.backups.subprocesses import BackupFailure, DamagedBackup
from infra.backups.wal_names import holes_in
from infra.backups.witness import Witness, take_witness
from infra.control.failures import SuiteFailure
from infra.leaders import followers, leader
from infra.plan.parts import Member
from infra.rendering.files import make_folder
from infra.suite import Suite as InfraSuite
from tests.eventually import eventually
from tests.suite import Suite

CAPTION = "a zyzzyva nobody writes by chance"


@dataclass(frozen=True)
class Kept:
    """A primary with a backup, and a witness of its tables a little later."""

    suite: InfraSuite
    source: Source
    node: Member
    backup: Backup
    witness: Witness
    segment: str

    @property
    def bucket(self) -> Bucket:
        return self.source.bucket

    @property
    def place(self) -> Place:
        return self.source.place

    def repository(self) -> Repository:
        return repository_in(self.suite, self.source, self.node)

    @asynccontextmanager
    async def restored(self) -> AsyncIterator[Scratch]:
        """Yield a temporary server with the restored data."""
        folder = self.suite.folder.data / "postgres" / f"{self.node.name}.rehearsed"
        make_folder(folder, account_for("postgres"))
        try:
            target = at_position(self.witness.position, self.witness.timeline)
            await self.repository().restore(folder, self.backup.label, target)
            async with recovered(self.suite, folder, keep=False) as server:
                yield server
        finally:
            await asyncio.to_thread(shutil.rmtree, folder)


@pytest.fixture(scope="module")
async def kept(data_suite: Suite) -> AsyncIterator[Kept]:
    """feed-a with a backup, and with rows from before and after it."""
    suite = data_suite.on_disk
    database = suite.plan.groups["feed"].databases[0]
    async with own_source(suite) as source, data_suite.postgres(database.name) as connection:
        repository = repository_in(suite, source, leader(database))
        await repository.prepare()
        await connection.execute("CREATE TABLE public.rehearsal (note text)")
        await connection.execute("INSERT INTO public.rehearsal VALUES ($1)", CAPTION)
        await repository.take("full")
        await connection.execute("INSERT INTO public.rehearsal VALUES ($1)", CAPTION + " twice")
        witness = await _caught_up_witness(data_suite, leader(database))
        await connection.execute("INSERT INTO public.rehearsal VALUES ('too late')")
        segment = await mark_and_switch(suite, leader(database), datetime.now(UTC))
        place = source.place

        async def archived() -> None:
            found = await archived_segments(source.bucket, place, database.name, "0" * 24, "F" * 24)
            assert segment in [name for name, _moment in found]

        await eventually(archived)
        (backup,) = await repository.backups()
        yield Kept(suite, source, leader(database), backup, witness, segment)
        await connection.execute("DROP TABLE public.rehearsal")


async def _caught_up_witness(data_suite: Suite, node: Member) -> Witness:
    """Take a witness once the replica has replayed the latest writes."""
    suite = data_suite.on_disk
    database = suite.plan.groups["feed"].databases[0]
    async with data_suite.postgres(node.name) as connection:
        written = await connection.fetchval("SELECT pg_current_wal_lsn()")

    async def replayed() -> None:
        async with data_suite.postgres(followers(database)[0].name) as replica:
            assert await replica.fetchval("SELECT pg_last_wal_replay_lsn() >= $1", written)

    await eventually(replayed)
    return await take_witness(suite, database)


async def test_all_tables_come_back_as_they_were_at_the_position(kept: Kept) -> None:
    async with kept.restored() as server:
        assert await compare(server, kept.witness, "feed") == []
        async with server.connected("feed") as connection:
            rows = await connection.fetch("SELECT note FROM public.rehearsal ORDER BY 1")
            assert [row["note"] for row in rows] == [CAPTION, CAPTION + " twice"]
            # The comparison names exactly the table that changed afterwards.
            await connection.execute("UPDATE public.rehearsal SET note = note || '.'")
        assert await compare(server, kept.witness, "feed") == ["public.rehearsal"]


async def test_nothing_in_the_bucket_can_be_read_without_the_passphrase(kept: Kept) -> None:
    files = [path for path in backup_folder(kept.suite).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if _holds(path, CAPTION.encode())]
    stranger = replace(kept.source, place=replace(kept.place, passphrase="another"))
    with pytest.raises(WrongPassphrase):
        await repository_in(kept.suite, stranger, kept.node).backups()
    # The configuration file is per primary; this call writes the right one again.
    assert await kept.repository().backups() == [kept.backup]


def _holds(path: Path, wanted: bytes) -> bool:
    return wanted in path.read_bytes()


async def test_a_flipped_byte_in_a_backup_is_found_and_nothing_is_made_of_it(kept: Kept) -> None:
    root = kept.place.key("postgres", kept.node.name, "backup", kept.node.name, kept.backup.label)
    items = [item for item in await kept.bucket.items(root + "/") if "bundle" in item.key]
    key = max(items, key=lambda item: item.size).key
    async with _changed(kept.bucket, key):
        with pytest.raises(DamagedBackup):
            await kept.repository().verify()
        with pytest.raises(SuiteFailure):
            async with kept.restored():
                pytest.fail("a damaged backup must not come back")
    await kept.repository().verify()


async def test_a_missing_segment_is_a_hole_and_ends_the_recovery_with_a_sentence(
    kept: Kept,
) -> None:
    first, last = kept.backup.last_segment, kept.segment
    root = kept.place.key("postgres", kept.node.name, "archive")
    items = await kept.bucket.items(root + "/")
    (key,) = [item.key for item in items if f"/{last}-" in item.key]
    content = await kept.bucket.find(key)
    assert content is not None
    await kept.bucket.delete(key)
    try:
        archived = await archived_segments(kept.bucket, kept.place, kept.node.name, first, last)
        names = [name for name, _moment in archived]
        assert [hole.count for hole in holes_in(names, first=first, last=last)] == [1]
        with pytest.raises(BackupFailure, match="ends before the moment"):
            async with kept.restored():
                pytest.fail("the WAL does not reach so far")
    finally:
        await kept.bucket.put(key, content)


@asynccontextmanager
async def _changed(bucket: Bucket, key: str) -> AsyncIterator[None]:
    """Flip one bit in the middle of an object during the block."""
    content = await bucket.find(key)
    assert content
    middle = len(content) // 2
    await bucket.put(key, content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    try:
        yield
    finally:
        await bucket.put(key, content)

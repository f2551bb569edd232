"""Old backups, their WAL and copies of deleted photos expire in time, and not earlier."""

import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.backups import pgbackrest
from infra.backups.pgbackrest import Backup, Repository, archived_segments
from infra.backups.photos import PhotoCopies
from infra.backups.place import backup_folder
from infra.backups.primaries import mark_and_switch
from infra.backups.restorable import repository_in
from infra.backups.source import Source, own_source
from infra.leaders import leader
from infra.plan.parts import Member
from infra.programs import program
from infra.rendering.backups import work_folder
from infra.suite import Suite as OnDisk
from tests.eventually import eventually
from tests.suite import Suite

EVERYTHING = ("0" * 24, "F" * 24)


@pytest.fixture
async def source(data_suite: Suite) -> AsyncIterator[Source]:
    async with own_source(data_suite.on_disk) as source:
        yield source


async def test_a_full_backup_leaves_once_a_later_one_is_as_old_as_is_kept(
    data_suite: Suite, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = data_suite.on_disk
    node = leader(suite.plan.groups["users"].databases[0])
    repository = repository_in(suite, source, node)
    await repository.prepare()
    first, second, third = [await _full(suite, source, node) for _number in range(3)]
    keep = timedelta(days=suite.plan.backup.keep_days)

    # One second before the second backup reaches the limit, and one second after.
    await _expire_at(monkeypatch, data_suite, node, second.stopped_at + keep - timedelta(seconds=1))
    assert await repository.backups() == [first, second, third]
    await _expire_at(monkeypatch, data_suite, node, second.stopped_at + keep + timedelta(seconds=1))
    assert await repository.backups() == [second, third]

    kept = await archived_segments(source.bucket, source.place, node.name, *EVERYTHING)
    assert kept[0][0] == second.first_segment
    assert kept[-1][0] >= third.last_segment


async def _full(suite: OnDisk, source: Source, node: Member) -> Backup:
    """Take a full backup and wait a second, because labels and the rule count seconds."""
    repository = repository_in(suite, source, node)
    await repository.take("full")
    newest = (await repository.backups())[-1]

    async def is_later() -> None:
        assert datetime.now(UTC) - newest.stopped_at > timedelta(seconds=3)

    await eventually(is_later)
    await mark_and_switch(suite, node, datetime.now(UTC))
    return newest


async def _expire_at(
    monkeypatch: pytest.MonkeyPatch, data_suite: Suite, node: Member, moment: datetime
) -> None:
    """Run pgBackRest's expiry at a later time.

    It reads the store's folder directly, because the store refuses requests of another day.
    """
    suite = data_suite.on_disk
    faketime = shutil.which("faketime")
    assert faketime is not None, "the package faketime is missing"
    folder = backup_folder(suite) / suite.plan.backup.bucket
    place = suite.secrets["backup_suite"][:12]
    wrapper = work_folder(suite) / "later"
    at = f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
    wrapper.write_text(
        f"#!/bin/sh\nexec {faketime} '{at}' {program('pgbackrest')} \"$@\" --repo1-type=posix"
        f" --repo1-path={folder}/suite-{place}/postgres/{node.name}\n"
    )
    wrapper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(pgbackrest, "program", lambda _name: str(wrapper))
        patch.setattr(pgbackrest, "account_for", lambda _part: account_for("supervisor"))
        await Repository(suite, node).expire()
    # The store caches the sizes of files, which were changed behind its back, by root.
    await data_suite.stop("backup-store")
    account_for("backup-store").own_tree(folder.parent, mixed=True)
    await data_suite.start("backup-store")


async def test_copies_of_deleted_photos_leave_with_the_backups_that_name_them(
    data_suite: Suite, source: Source
) -> None:
    suite, today = data_suite.on_disk, datetime.now(UTC).date()
    copies = PhotoCopies(suite, source.place)
    await copies.take_stock(today, keep_days=15)
    before = await _names(source)
    photo = _put_in_store(suite)
    await _look_anew(data_suite)
    await copies.take_stock(today, keep_days=15)
    added = await _names(source) - before
    assert added

    photo.unlink()
    await _look_anew(data_suite)
    await copies.take_stock(today, keep_days=15)
    await copies.take_stock(today + timedelta(days=15), keep_days=15)
    assert added <= await _names(source), "a backup may still name it"
    await copies.take_stock(today + timedelta(days=16), keep_days=15)
    assert not added & await _names(source)


async def _look_anew(data_suite: Suite) -> None:
    # The store caches folders for minutes, and the test changes one behind its back.
    await data_suite.stop("store")
    await data_suite.start("store")


def _put_in_store(suite: OnDisk) -> Path:
    """Write an object into the store's folder, beside those of the suite."""
    bucket = suite.folder.data / "store" / suite.plan.store.bucket
    photo = bucket / "renditions" / "retention" / "320.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(os.urandom(2_000))
    return photo


async def _names(source: Source) -> set[str]:
    """Return the names of copies without folders; moving a copy does not change its name."""
    items = await source.bucket.items(source.place.key("photos") + "/")
    return {item.key.rpartition("/")[2] for item in items}

"""The restore drill finds damaged backups, and rows that differ after the restore."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.backups import drill as drill_module
from infra.backups.bucket import Bucket
from infra.backups.commands import rehearse
from infra.backups.pgbackrest import archived_segments
from infra.backups.restorable import repository_in
from infra.backups.scratch_server import Scratch, recovered
from infra.backups.source import Source, own_source
from infra.backups.subprocesses import BackupFailure
from infra.backups.witness import keep_witness
from infra.control.progress import Progress
from infra.leaders import leader
from infra.suite import Suite as OnDisk
from tests.suite import Suite

pytestmark = pytest.mark.long

FLIPPED, LACKING, CHANGED = "users-b", "upload-b", "feed-b"
SOUND = {"users-a", "upload-a", "feed-a"}


async def test_three_faults_are_found_and_nothing_else(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = data_suite.on_disk
    monkeypatch.setattr(drill_module, "recovered", _recovered_otherwise)
    async with own_source(suite) as source:
        await _back_up(suite, source)
        async with (
            _instead(source.bucket, *await _flipped_bundle(source)),
            _instead(source.bucket, await _next_segment(suite, source), None),
        ):
            with pytest.raises(BackupFailure, match="has found faults"):
                await rehearse(suite, Progress(quiet=True), seed=7)
    report = capsys.readouterr().out
    equal, faults = report.split("faults:")
    for primary in SOUND:
        assert len(re.findall(rf"{primary} at .*: (\d+) of \1 tables equal", equal)) == 2
        assert primary not in faults
    assert re.search(rf"{FLIPPED} at .*damaged", faults)
    assert re.search(rf"the backups of {FLIPPED}: .*damaged", faults)
    assert re.search(rf"{LACKING} at .*ends before the moment", faults)
    assert re.search(rf"{CHANGED} at .*: other rows in shard_0040.migration$", faults, re.MULTILINE)


async def _back_up(suite: OnDisk, source: Source) -> None:
    for group in suite.plan.groups.values():
        for database in group.databases:
            repository = repository_in(suite, source, leader(database))
            await repository.prepare()
            await repository.take("full")
    await keep_witness(suite, source.bucket, source.place)


async def _flipped_bundle(source: Source) -> tuple[str, bytes]:
    root = source.place.key("postgres", FLIPPED, "backup")
    items = [item for item in await source.bucket.items(root + "/") if "bundle" in item.key]
    key = max(items, key=lambda item: item.size).key
    content = await source.bucket.find(key)
    assert content
    middle = len(content) // 2
    return key, content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


async def _next_segment(suite: OnDisk, source: Source) -> str:
    """Return the first WAL segment after the backup, which later recovery targets need."""
    node = suite.plan.member(LACKING)
    backup = (await repository_in(suite, source, node).backups())[-1]
    found = await archived_segments(source.bucket, source.place, LACKING, "0" * 24, "F" * 24)
    after = next(name for name, _moment in found if name > backup.last_segment)
    items = await source.bucket.items(source.place.key("postgres", LACKING, "archive") + "/")
    return next(item.key for item in items if f"/{after}-" in item.key)


@asynccontextmanager
async def _recovered_otherwise(
    suite: OnDisk, folder: Path, *, keep: bool
) -> AsyncIterator[Scratch]:
    """Change a row of one primary after its restore."""
    async with recovered(suite, folder, keep=keep) as server:
        if folder.stem == CHANGED:
            async with server.connected("feed") as connection:
                await connection.execute(
                    "UPDATE shard_0040.migration SET applied_at = applied_at + interval '1 s'"
                )
        yield server


@asynccontextmanager
async def _instead(bucket: Bucket, key: str, content: bytes | None) -> AsyncIterator[None]:
    """Replace an object's content during the block; None deletes it meanwhile."""
    original = await bucket.find(key)
    assert original is not None
    if content is None:
        await bucket.delete(key)
    else:
        await bucket.put(key, content)
    try:
        yield
    finally:
        await bucket.put(key, original)

"""Backups that existed and are not found again are said, until they are back or given up."""

import asyncio
import json
import shutil

from infra.backups.complaints import backup_lines
from infra.backups.place import backup_folder
from infra.backups.rounds import Rounds
from infra.backups.source import own_source
from infra.backups.vanished import give_up_vanished, note_vanished, vanished_lines
from infra.suite import suite_in
from tests.suite import Suite


async def test_backups_whose_folder_is_away_are_said_until_it_is_back(data_suite: Suite) -> None:
    await _keep_a_mark(data_suite)
    folder = backup_folder(data_suite.on_disk)
    aside = folder.with_name("backups-on-a-disk")
    await data_suite.stop("backup-store")
    folder.rename(aside)
    try:
        await _said_at_a_start(data_suite, str(folder))
        assert "everything until" not in "".join(backup_lines(data_suite.on_disk)[0])
        # New backups begin, and the old ones are still said.
        await _keep_a_mark(data_suite)
        await _said_at_a_start(data_suite, str(folder))
        lines, are_well = backup_lines(data_suite.on_disk)
        assert any("are gone" in line for line in lines)
        assert not are_well
    finally:
        await data_suite.stop("backup-store")
        folder.rename(folder.with_name("backups-meanwhile"))
        aside.rename(folder)
        shutil.rmtree(folder.with_name("backups-meanwhile"))
    await _said_at_a_start(data_suite, None)
    await _keep_a_mark(data_suite)
    assert vanished_lines(data_suite.on_disk) == []


async def test_backups_of_another_name_are_said_until_they_are_given_up(data_suite: Suite) -> None:
    await _keep_a_mark(data_suite)
    file = data_suite.on_disk.folder.secrets_file
    before = file.read_text(encoding="utf-8")
    values = json.loads(before)
    file.write_text(json.dumps(values | {"backup_suite": "0" * 64}), encoding="utf-8")
    try:
        named = suite_in(data_suite.on_disk.folder, data_suite.plan.network)
        await _said_at_a_start(data_suite, f"suite-{values['backup_suite'][:12]}")
        assert "suite-000000000000" in vanished_lines(named)[0]
    finally:
        file.write_text(before, encoding="utf-8")
    give_up_vanished(data_suite.on_disk)
    assert vanished_lines(data_suite.on_disk) == []


async def test_a_restored_suite_has_not_lost_those_that_it_came_from(data_suite: Suite) -> None:
    await _keep_a_mark(data_suite)
    folder = data_suite.on_disk.folder
    folder.restored_file.touch()
    try:
        note_vanished(data_suite.on_disk, None)
    finally:
        folder.restored_file.unlink()
    note_vanished(data_suite.on_disk, None)
    assert vanished_lines(data_suite.on_disk) == []


async def _keep_a_mark(suite: Suite) -> None:
    on_disk = suite_in(suite.on_disk.folder, suite.plan.network)
    async with own_source(on_disk) as source:
        rounds = Rounds(on_disk, source.place, source.bucket)
        for node in rounds.primaries:
            await rounds.repository(node).prepare()
        await rounds.round()
        assert rounds.mark is not None


async def _said_at_a_start(suite: Suite, where: str | None) -> None:
    """Assert what `make up` says, which must start something to look."""
    await suite.stop("redis-gateway")
    said = await asyncio.to_thread(suite.operate, "up", "--data-only")
    assert ("are gone" in said) == (where is not None), said
    assert (where or "") in said

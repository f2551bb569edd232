"""The databases of one group are restored in place to a time, and nothing is deleted."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from infra.backups.bundle import keep_bundle
from infra.backups.pgbackrest import archived_segments
from infra.backups.primaries import mark_and_switch
from infra.backups.restorable import repository_in
from infra.backups.restore import Wish, clear_the_ground, restoration_of, restore_data
from infra.backups.source import own_source
from infra.backups.state import Mark, Reach, write_mark
from infra.backups.subprocesses import BackupFailure, DamagedBackup
from infra.control.progress import Progress
from infra.control.stop import stop_suite
from infra.leaders import leader
from infra.rendering.postgres import data_folder
from tests.eventually import eventually
from tests.suite import Suite

pytestmark = pytest.mark.long


async def test_a_group_goes_back_its_archive_goes_on_and_it_can_go_forward_again(
    data_suite: Suite,
) -> None:
    suite, quiet = data_suite.on_disk, Progress(quiet=True)
    nodes = [leader(database) for database in suite.plan.groups["feed"].databases]
    early = await _back_up(data_suite)
    await _write(data_suite, "late")
    await _mark(data_suite)

    await asyncio.to_thread(stop_suite, suite, quiet)
    async with own_source(suite) as source:
        with pytest.raises(BackupFailure, match="holds data already"):
            await restoration_of(suite, source, Wish(early, "feed", False, False))
        restoration = await restoration_of(suite, source, Wish(early, "feed", True, False))
        await restore_data(suite, source, restoration, quiet)
    aside = [data_folder(suite, node).parent.glob(f"{node.name}.before-*") for node in nodes]
    assert [len(list(folders)) for folders in aside] == [1, 1]
    await asyncio.to_thread(data_suite.bring_up, data_only=True)
    assert await _notes(data_suite) == {"early"}
    for node in nodes:
        later = await mark_and_switch(suite, node, datetime.now(UTC))
        assert later.startswith("00000002")
        await eventually(partial(_is_archived, data_suite, node.name, later), within_s=90)

    # The time was too early; the data that the restore put aside is still in the backups.
    await asyncio.to_thread(stop_suite, suite, quiet)
    async with own_source(suite) as source:
        restoration = await restoration_of(suite, source, Wish(None, "feed", True, False))
        await restore_data(suite, source, restoration, quiet)
    await asyncio.to_thread(data_suite.bring_up, data_only=True)
    assert await _notes(data_suite) == {"early", "late"}


async def test_a_restore_that_was_killed_is_begun_anew_and_nothing_starts_meanwhile(
    data_suite: Suite,
) -> None:
    suite, quiet = data_suite.on_disk, Progress(quiet=True)
    await _back_up(data_suite)
    await asyncio.to_thread(stop_suite, suite, quiet)
    words = ["restore", "--group", "feed", "--replace"]
    killed = data_suite.begin(*words)
    try:
        await eventually(lambda: _is_restoring(data_suite), within_s=120)
        with pytest.raises(RuntimeError, match="is at work on"):
            await asyncio.to_thread(data_suite.operate, *words)
    finally:
        killed.kill()
        killed.wait()
    with pytest.raises(RuntimeError, match=r"A restore into .* was interrupted"):
        await asyncio.to_thread(data_suite.bring_up, data_only=True)

    clear_the_ground(suite)
    async with own_source(suite) as source:
        # The results of the killed restore are put aside without a question.
        restoration = await restoration_of(suite, source, Wish(None, "feed", False, False))
        # A failing restore reports one sentence, and the next one starts again as well.
        too_late = replace(
            restoration, targets=tuple(at + timedelta(days=1) for at in restoration.targets)
        )
        with pytest.raises(DamagedBackup, match="ends before the moment"):
            await restore_data(suite, source, too_late, quiet)
        await restore_data(suite, source, restoration, quiet)
    await asyncio.to_thread(data_suite.bring_up, data_only=True)
    assert "early" in await _notes(data_suite)


async def test_a_start_that_finds_a_loss_offers_the_restore_that_brings_it_back(
    data_suite: Suite,
) -> None:
    suite, quiet = data_suite.on_disk, Progress(quiet=True)
    await _back_up(data_suite)
    await asyncio.to_thread(stop_suite, suite, quiet)
    for node in suite.plan.groups["feed"].members:
        shutil.rmtree(data_folder(suite, node))
    with pytest.raises(RuntimeError, match="feed-a is missing") as refused:
        await asyncio.to_thread(data_suite.bring_up, data_only=True)
    assert str(refused.value).count("`make restore REPLACE=1` goes back to the newest") == 2
    async with own_source(suite) as source:
        restoration = await restoration_of(suite, source, Wish(None, "feed", False, False))
        await restore_data(suite, source, restoration, quiet)
    await asyncio.to_thread(data_suite.bring_up, data_only=True)
    assert "early" in await _notes(data_suite)


async def _is_restoring(data_suite: Suite) -> None:
    folder = data_suite.on_disk.folder
    assert folder.restoring_file.exists()
    assert list((folder.data / "postgres").glob("feed-*.unfinished/PG_VERSION"))


async def _back_up(data_suite: Suite) -> datetime:
    """Back up feed and the bundle, write a row afterwards, and return the row's time."""
    suite = data_suite.on_disk
    async with own_source(suite) as source:
        await keep_bundle(source.bucket, source.place, suite, "")
        for database in suite.plan.groups["feed"].databases:
            repository = repository_in(suite, source, leader(database))
            await repository.prepare()
            await repository.take("full")
    await _write(data_suite, "early")
    return await _mark(data_suite)


async def _mark(data_suite: Suite) -> datetime:
    """Set a mark as the keeper does every minute; returns its time."""
    suite, moment = data_suite.on_disk, datetime.now(UTC)
    nodes = [leader(database) for database in suite.plan.groups["feed"].databases]
    segments = {node.name: await mark_and_switch(suite, node, moment) for node in nodes}
    for node in nodes:
        is_archived = partial(_is_archived, data_suite, node.name, segments[node.name])
        await eventually(is_archived, within_s=90)
    reaches = {name: Reach(moment, moment, segment) for name, segment in segments.items()}
    async with own_source(suite) as source:
        await write_mark(source.bucket, source.place, Mark(reaches))
    return moment


async def _notes(data_suite: Suite) -> set[str]:
    found = set()
    for database in data_suite.plan.groups["feed"].databases:
        async with data_suite.postgres(database.name) as connection:
            rows = await connection.fetch("SELECT note FROM public.goes_back")
        found |= {row["note"] for row in rows}
    return found


async def _write(data_suite: Suite, note: str) -> None:
    for database in data_suite.plan.groups["feed"].databases:
        async with data_suite.postgres(database.name) as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS public.goes_back (note text)")
            await connection.execute("INSERT INTO public.goes_back VALUES ($1)", note)


async def _is_archived(data_suite: Suite, primary: str, segment: str) -> None:
    async with own_source(data_suite.on_disk) as source:
        found = await archived_segments(source.bucket, source.place, primary, segment, segment)
    assert [name for name, _moment in found] == [segment]

"""The databases of one group go back to a moment in place; nothing that was there is deleted."""

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest

from infra.backups.pgbackrest import archived_segments
from infra.backups.primaries import mark_and_switch
from infra.backups.restorable import repository_in
from infra.backups.restore import Wish, planned, restore_data
from infra.backups.source import own_source
from infra.backups.state import Mark, write_mark
from infra.backups.subprocesses import BackupFailure
from infra.driving.progress import Progress
from infra.driving.stop import stop_suite
from infra.rendering.postgres import data_folder
from tests.eventually import eventually
from tests.suite import Suite

pytestmark = pytest.mark.long


async def test_a_group_goes_back_and_its_archive_goes_on(data_suite: Suite) -> None:
    suite, quiet = data_suite.on_disk, Progress(quiet=True)
    nodes = [primary.node for primary in suite.topology.groups["feed"].primaries]
    async with own_source(suite) as source:
        for node in nodes:
            await repository_in(suite, source, node).prepare()
            await repository_in(suite, source, node).take("full")
        await _write(data_suite, "early")
        moment = datetime.now(UTC)
        segments = {node.name: await mark_and_switch(suite, node, moment) for node in nodes}
        await write_mark(source.bucket, source.place, Mark(moment, moment, segments))
        for node in nodes:
            await eventually(partial(_is_archived, data_suite, node.name, segments[node.name]))
    await _write(data_suite, "late")

    await asyncio.to_thread(stop_suite, suite, quiet)
    async with own_source(suite) as source:
        with pytest.raises(BackupFailure, match="holds data already"):
            await planned(suite, source, Wish(None, "feed", False, False))
        plan = await planned(suite, source, Wish(None, "feed", True, False))
        await restore_data(suite, source, plan, quiet)
    aside = [data_folder(suite, node).parent.glob(f"{node.name}.before-*") for node in nodes]
    assert [len(list(folders)) for folders in aside] == [1, 1]
    await asyncio.to_thread(data_suite.bring_up, data_only=True)

    for node in nodes:
        async with data_suite.postgres(node.name) as connection:
            rows = await connection.fetch("SELECT note FROM public.goes_back")
            assert [row["note"] for row in rows] == ["early"]
        later = await mark_and_switch(suite, node, datetime.now(UTC))
        assert later.startswith("00000002")
        await eventually(partial(_is_archived, data_suite, node.name, later), within_s=90)


async def _write(data_suite: Suite, note: str) -> None:
    for primary in data_suite.topology.groups["feed"].primaries:
        async with data_suite.postgres(primary.node.name) as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS public.goes_back (note text)")
            await connection.execute("INSERT INTO public.goes_back VALUES ($1)", note)


async def _is_archived(data_suite: Suite, primary: str, segment: str) -> None:
    async with own_source(data_suite.on_disk) as source:
        found = await archived_segments(source.bucket, source.place, primary, segment, segment)
    assert [name for name, _moment in found] == [segment]

"""Three members of a database: one may be lost without a pause of writes, and two without a row."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

import infra.suite
from infra.failover.patroni import Standing, leading, standings_of
from infra.topology import load_topology
from prove.members import REFUSALS, connect
from prove.victims import Victims
from tests.conftest import TEST_FOLDER, TEST_NETWORK
from tests.eventually import eventually
from tests.infra.mistakes.changed_drawings import SECOND_REPLICA, redraw
from tests.infra.mistakes.stage import Stage
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

# A write that is not acknowledged after this time waits for a second disk.
_WRITE_S = 3.0
_SOME = 50


class Writer:
    """Writes one row after the other to whoever leads, and keeps the numbers of those confirmed."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._database = suite.plan.databases[0]
        self.confirmed: set[int] = set()

    async def prepare(self) -> None:
        async def create() -> None:
            assert await self.execute("CREATE TABLE IF NOT EXISTS public.kept (n bigint)")

        await eventually(create)

    async def execute(self, statement: str, *values: int) -> bool:
        """Try a statement on each member; returns whether one of them confirmed it."""
        for member in self._database.members:
            try:
                connection = await connect(self._suite, member, _WRITE_S)
            except REFUSALS:
                continue
            try:
                await connection.execute(statement, *values)
                return True
            except REFUSALS:
                continue
            finally:
                connection.terminate()
        return False

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            if await self.execute("INSERT INTO public.kept VALUES ($1)", number):
                self.confirmed.add(number)

    async def some_more(self) -> None:
        wanted = len(self.confirmed) + _SOME

        async def check() -> None:
            assert len(self.confirmed) >= wanted

        await eventually(check, within_s=120, every_s=0.2)

    async def rows_of(self, name: str) -> set[int]:
        member = self._suite.plan.member(name)
        connection = await connect(self._suite, member)
        try:
            rows = await connection.fetch("SELECT n FROM public.kept")
        finally:
            await connection.close()
        return {row["n"] for row in rows}


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER).absolute()
    network = os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK
    stage = Stage(folder.with_name(f"{folder.name}-three"), network)
    stage.clear()
    stage.extra = {"RETRATO_BACKUPS": "off"}
    redraw(stage, SECOND_REPLICA)
    assert stage.topology is not None
    monkeypatch.setattr(infra.suite, "load_topology", partial(load_topology, stage.topology))
    up = stage.infra("up", "--data-only", "--ha")
    assert not up.returncode, up.stdout
    yield stage.suite()
    stage.clear()


@asynccontextmanager
async def writing(suite: Suite) -> AsyncIterator[Writer]:
    writer = Writer(suite)
    await writer.prepare()
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _standings(suite: Suite) -> Sequence[Standing]:
    return await standings_of(suite.on_disk, suite.plan.databases[0])


async def _in_sync(suite: Suite, members: int) -> tuple[str, str]:
    """Wait until so many members are well and one is in sync; returns the leader and that one."""

    async def check() -> tuple[str, str]:
        standings = await _standings(suite)
        first = leading(standings)
        synced = [one for one in standings if one.in_sync and one.is_well]
        assert first is not None
        assert synced
        assert sum(one.is_well for one in standings) == members
        return first.member.name, synced[0].member.name

    return await eventually(check, within_s=180, every_s=0.5)


async def test_one_may_be_lost_without_a_pause_and_two_without_a_row(suite: Suite) -> None:
    victims = Victims(suite)
    first, _second = await _in_sync(suite, 3)
    async with writing(suite) as writer, AsyncExitStack() as stack:
        await writer.some_more()
        await stack.enter_async_context(victims.away(f"postgres-{first}"))
        # The third member is in sync now, so that writes go on.
        await writer.some_more()
        _leader, synced = await _in_sync(suite, 2)
        await stack.enter_async_context(victims.away(f"postgres-{synced}"))
        alone = len(writer.confirmed)
        # One disk is never enough: the leader takes the row and does not confirm it.
        for _time in range(3):
            assert not await writer.execute("INSERT INTO public.kept VALUES (0)")
        # A reply may have been under way as the other one died.
        assert len(writer.confirmed) <= alone + 1
        await stack.aclose()
        await writer.some_more()
    names = [member.name for member in suite.plan.databases[0].members]
    await _in_sync(suite, len(names))
    for name in names:

        async def has_all(name: str = name) -> None:
            assert writer.confirmed <= await writer.rows_of(name)

        await eventually(has_all, within_s=30)

"""Writes go on at the member that leads now, and what the old leader still says is not believed."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.errors import Unavailable
from shared.jobs.job_worker import JobTiming, JobWorker
from shared.sharding.database_faults import CommitUnknown
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.postgres_nodes import ElectingMembers
from tests.shared.shard_groups import ElectedDatabase

pytestmark = [pytest.mark.data, pytest.mark.long]

INSERT = parse_query(
    "insert",
    "INSERT INTO :schema.note (owner, body) VALUES (:owner, '{}')"
    " RETURNING host(inet_server_addr()) AS place",
)
OWNERS = parse_query(
    "owners", "SELECT owner, host(inet_server_addr()) AS place FROM :schema.note ORDER BY owner"
)
PLACE = parse_query("place", "SELECT host(inet_server_addr())")
WRITERS = 6


@pytest.fixture
def members() -> Iterator[ElectingMembers]:
    servers = ElectingMembers(f"127.{64 + os.getpid() % 128}")
    try:
        yield servers
    finally:
        for member in servers.all:
            member.send(signal.SIGCONT)
        servers.remove()


@pytest.fixture
async def group(members: ElectingMembers, tmp_path: Path) -> AsyncIterator[ShardGroup]:
    database = ElectedDatabase(members, tmp_path)
    await database.migrate(Path("tests/shared/example_service/migrations"))
    members.wait_for_follower(wanted=True)
    async with database.open() as opened:
        yield opened


@dataclass
class History:
    """What became of each write, by the place that took it, and what reads lacked."""

    group: ShardGroup
    acked: dict[int, str] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    stale: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def write_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await eventually(self._write)

    async def _write(self) -> None:
        number = next(self._numbers)
        try:
            async with self.group.writer(number % 8) as tx:
                place = await tx.value(INSERT, owner=number)
        except CommitUnknown:
            self.unknown.add(number)
        except Unavailable as error:
            self.failed.add(number)
            raise AssertionError("the next one is tried after a pause") from error
        else:
            self.acked[number] = place

    async def read_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await eventually(self._read)

    async def _read(self) -> None:
        """A reader of the primary must see everything that was acknowledged before."""
        before = set(self.acked)
        try:
            rows = await self.group.rows_across(OWNERS, self.group.shards(), stand_in=False)
        except Unavailable as error:
            raise AssertionError("the next one is tried after a pause") from error
        if missing := before - {row["owner"] for row in rows}:
            self.stale.append(f"{rows[0]['place'] if rows else '?'} lacks {len(missing)}")

    async def wait_for(self, count: int, place: str) -> None:
        """Wait until a place has taken `count` writes more than now."""
        before = list(self.acked.values()).count(place)

        def it_has_taken_them() -> None:
            assert list(self.acked.values()).count(place) >= before + count

        await eventually(it_has_taken_them, within_s=60)


def _kill(members: ElectingMembers) -> None:
    members.leader.crash()


def _freeze(members: ElectingMembers) -> None:
    members.leader.send(signal.SIGSTOP)


def _demote(members: ElectingMembers) -> None:
    members.leader.stop()


def _replace(members: ElectingMembers) -> None:
    """Nothing happens to the leader, which does not know that it is replaced."""
    members.cut_follower()


@pytest.mark.parametrize("fault", [_kill, _freeze, _demote, _replace])
async def test_writes_go_on_at_the_new_leader(
    members: ElectingMembers, group: ShardGroup, fault: Callable[[ElectingMembers], None]
) -> None:
    history, stop = History(group), asyncio.Event()
    old, new = members.leader, members.follower
    async with asyncio.TaskGroup() as tasks:
        for _writer in range(WRITERS):
            tasks.create_task(history.write_on(stop))
        tasks.create_task(history.read_on(stop))
        await history.wait_for(100, old.address)
        await asyncio.to_thread(fault, members)
        await asyncio.to_thread(members.promote)
        await history.wait_for(100, new.address)
        old.send(signal.SIGCONT)  # a frozen one thaws, and still believes that it leads
        await history.wait_for(200, new.address)
        stop.set()
    there = {row["owner"] for row in await group.rows_across(OWNERS, group.shards())}
    assert (set(history.acked) - there, history.failed & there, history.stale) == (set(), set(), [])
    places = list(history.acked.values())
    assert places == sorted(places), "a write of the old leader was acknowledged after the new one"


async def test_the_old_leader_answers_as_a_replica_once_it_follows(
    members: ElectingMembers, group: ShardGroup
) -> None:
    async def the_follower_answers() -> None:
        place = await group.reader(0, lag_ms_max=5_000).value(PLACE)
        assert place == members.follower.address

    await eventually(the_follower_answers)
    members.leader.stop()
    members.promote()
    members.rejoin()
    await eventually(the_follower_answers)
    async with group.writer(0) as tx:
        assert await tx.value(INSERT, owner=1) == members.leader.address


async def test_a_job_of_the_old_leader_runs_at_the_new_one(
    members: ElectingMembers, group: ShardGroup
) -> None:
    done: list[int] = []
    first_try, stop = asyncio.Event(), asyncio.Event()

    async def work(payload: dict[str, int]) -> None:
        if not first_try.is_set():
            first_try.set()
            await asyncio.Event().wait()
        done.append(payload["n"])

    async def enqueue(number: int) -> None:
        async with group.writer(0) as tx:
            await tx.enqueue("work", {"n": number})

    def both_are_done() -> None:
        assert set(done) == {1, 2}

    timing = JobTiming(heartbeat_s=2.0, poll_s=0.2, backoff_s=0.2)
    working = asyncio.create_task(JobWorker(group, {"work": work}, timing=timing).run(stop))
    await enqueue(1)
    await first_try.wait()
    # The first is under way while its leader freezes for good.
    await asyncio.to_thread(members.leader.send, signal.SIGSTOP)
    await asyncio.to_thread(members.promote)
    await eventually(lambda: _if_possible(enqueue(2)))
    await eventually(both_are_done)
    stop.set()
    working.cancel()
    await asyncio.wait({working})


async def _if_possible(write: Coroutine[None, None, None]) -> None:
    try:
        await write
    except Unavailable as error:
        raise AssertionError from error

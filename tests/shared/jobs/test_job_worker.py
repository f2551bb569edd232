"""Jobs run at least once, are retried, and are never lost."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.errors import Unavailable
from shared.jobs.job_worker import JobTiming, JobWorker, Lane
from shared.jobs.lane_driver import LaneDriver
from shared.logs import request_id
from shared.sharding.job_queue import CHANNEL
from shared.sharding.shard_group import ShardGroup
from tests.eventually import eventually
from tests.shared.shard_groups import ShardedDatabase

QUICK = JobTiming(heartbeat_s=1, poll_s=0.1, tries_max=3, backoff_s=0.02, backoff_max_s=0.1)


class Desk:
    """A handler that records its payloads."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.tries = 0
        self.failure: Exception | None = None
        self.request_ids: list[str | None] = []
        self.open = asyncio.Event()
        self.open.set()
        self.running = 0
        self.running_most = 0

    async def __call__(self, payload: dict[str, Any]) -> None:
        self.tries += 1
        self.request_ids.append(request_id.get())
        self.running += 1
        self.running_most = max(self.running, self.running_most)
        try:
            await self.open.wait()
            if self.failure is not None:
                raise self.failure
            self.done.append(payload["n"])
        finally:
            self.running -= 1

    async def has_done(self, *numbers: int) -> None:
        def they_are_done() -> None:
            assert sorted(self.done) == sorted(numbers)

        await eventually(they_are_done, within_s=15)

    async def was_tried(self, tries: int) -> None:
        def it_was() -> None:
            assert self.tries >= tries

        await eventually(it_was, within_s=15)


async def enqueue(group: ShardGroup, shard: int, *numbers: int, **options: Any) -> None:
    job = options.pop("job", "paint")
    async with group.writer(shard) as tx:
        for number in numbers:
            await tx.enqueue(job, {"n": number}, **options)


@asynccontextmanager
async def running(
    group: ShardGroup, handlers: dict[str, Any], *, timing: JobTiming = QUICK, **options: Any
) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    worker = JobWorker(group, handlers, timing=timing, **options)
    loop = asyncio.create_task(worker.run(stop))
    try:
        yield loop
    finally:
        stop.set()
        await asyncio.wait({loop})


async def test_a_job_runs_if_its_transaction_commits(group: ShardGroup) -> None:
    desk = Desk()

    async def enqueue_and_fail() -> None:
        async with group.writer(0) as tx:
            await tx.enqueue("paint", {"n": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await enqueue_and_fail()
    await enqueue(group, 0, 2)
    await enqueue(group, 7, 3)
    async with running(group, {"paint": desk}):
        await desk.has_done(2, 3)


async def test_a_commit_starts_its_job_without_a_poll(group: ShardGroup) -> None:
    desk = Desk()
    async with running(group, {"paint": desk}, timing=JobTiming(poll_s=60)):
        await enqueue(group, 0, 1)
        await desk.has_done(1)
        await enqueue(group, 7, 2)
        await desk.has_done(1, 2)


async def test_a_delayed_job_waits_for_its_time(group: ShardGroup) -> None:
    desk = Desk()
    await enqueue(group, 0, 1, delay_s=3600)
    await enqueue(group, 0, 2, delay_s=0.2)
    async with running(group, {"paint": desk}):
        await desk.has_done(2)


async def test_a_job_with_the_same_key_as_one_that_waits_is_left_out(group: ShardGroup) -> None:
    desk = Desk()
    await enqueue(group, 0, 1, 2, dedupe_key="once")
    await enqueue(group, 1, 3, dedupe_key="once")
    async with running(group, {"paint": desk}):
        await desk.has_done(1)
        await asyncio.gather(eventually(lambda: waiting(group, "paint", 0)))
        await enqueue(group, 0, 4, dedupe_key="once")
        await desk.has_done(1, 4)


async def test_the_request_id_goes_with_the_job(group: ShardGroup) -> None:
    desk = Desk()
    token = request_id.set("r-7")
    await enqueue(group, 0, 1)
    request_id.reset(token)
    await enqueue(group, 0, 2)
    async with running(group, {"paint": desk}):
        await desk.has_done(1, 2)
    assert sorted(desk.request_ids, key=str) == [None, "r-7"]


async def test_a_job_with_other_headers_has_no_request_id(group: ShardGroup) -> None:
    desk = Desk()
    await enqueue(group, 0, 1)
    for primary in group.primaries():
        await group.pool_of(primary).fetch(
            "UPDATE jobs.pgqueuer SET headers = $1 WHERE entrypoint = 'paint'", ({"trace": "7"},)
        )
    async with running(group, {"paint": desk}):
        await desk.has_done(1)
    assert desk.request_ids == [None]


async def test_a_job_waits_for_what_is_away_as_long_as_it_takes(group: ShardGroup) -> None:
    desk = Desk()
    desk.failure = Unavailable("the store is away")
    await enqueue(group, 0, 1)
    async with running(group, {"paint": desk}):
        await desk.was_tried(QUICK.tries_max + 3)
        desk.failure = None
        await desk.has_done(1)


async def test_a_job_that_fails_by_itself_is_held_for_a_person(group: ShardGroup) -> None:
    desk = Desk()
    desk.failure = ValueError("no such colour")
    await enqueue(group, 0, 1)
    async with running(group, {"paint": desk}):
        await eventually(lambda: waiting(group, "paint", 1, status="failed"), within_s=15)
    assert desk.tries == QUICK.tries_max


async def test_a_worker_that_stops_puts_its_job_back(group: ShardGroup) -> None:
    desk = Desk()
    desk.open.clear()
    await enqueue(group, 0, 1)
    async with running(group, {"paint": desk}) as loop:
        await desk.was_tried(1)
        loop.cancel()
        await asyncio.wait({loop})
    assert desk.done == []
    desk.open.set()
    async with running(group, {"paint": desk}):
        await desk.has_done(1)


async def test_a_stopping_worker_finishes_what_it_has_begun(group: ShardGroup) -> None:
    desk = Desk()
    desk.open.clear()
    await enqueue(group, 0, 1)
    async with running(group, {"paint": desk}):
        await desk.was_tried(1)
        asyncio.get_running_loop().call_later(0.1, desk.open.set)
    assert desk.done == [1]


async def test_lanes_keep_room_for_one_another(group: ShardGroup) -> None:
    slow, quick = Desk(), Desk()
    slow.open.clear()
    await enqueue(group, 0, *range(10), job="slow")
    await enqueue(group, 7, *range(10, 20), job="slow")
    await enqueue(group, 0, 1, 2, job="quick")
    lanes = [Lane(("slow",), concurrency=2), Lane(("quick",), concurrency=4)]
    async with running(group, {"slow": slow, "quick": quick}, lanes=lanes):
        await quick.has_done(1, 2)

        def both_places_are_taken() -> None:
            assert slow.running_most == 2

        # Each primary has ten jobs, so a third slot would be used too.
        await eventually(both_places_are_taken)
        slow.open.set()
        await slow.has_done(*range(20))
    assert slow.running_most == 2


async def test_the_higher_priority_goes_first(group: ShardGroup) -> None:
    desk = Desk()
    for number in range(6):
        await enqueue(group, 0, number, priority=number)
    async with running(group, {"paint": desk}, lanes=[Lane(("paint",), concurrency=1)]):
        await desk.has_done(*range(6))
    assert desk.done[:2] == [5, 4]


async def test_the_worker_goes_on_when_its_primary_is_back(
    database: ShardedDatabase, group: ShardGroup
) -> None:
    desk = Desk()
    desk.open.clear()
    await enqueue(group, 7, 1)
    async with running(group, {"paint": desk}):
        await desk.was_tried(1)
        database.nodes.b.crash()
        try:
            desk.open.set()
            await desk.has_done(1)
            await enqueue(group, 0, 2)
            await desk.has_done(1, 2)
        finally:
            database.nodes.b.start()

        # The end of the first job could not be recorded, so it runs once more.
        await desk.has_done(1, 2, 1)
        await eventually(lambda: _nothing_waits(group))


async def _nothing_waits(group: ShardGroup) -> None:
    try:
        await waiting(group, "paint", 0)
    except Unavailable as away:
        raise AssertionError("it is not quite back") from away


async def test_the_jobs_of_a_killed_worker_run_elsewhere(
    database: ShardedDatabase, group: ShardGroup, tmp_path: Path
) -> None:
    desk = Desk()
    await enqueue(group, 0, 1, 2)
    await enqueue(group, 7, 3)
    started = tmp_path / "started"
    config = {
        "map_file": str(database.map_file),
        "database": database.database,
        "ca_file": str(database.nodes.ca_file),
        "addresses": database.nodes.addresses(),
        "started": str(started),
    }
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.shared.jobs.endless_worker", json.dumps(config)
    )

    def all_were_started() -> None:
        assert started.exists()
        assert started.stat().st_size == 3

    try:
        await eventually(all_were_started, within_s=20)
    finally:
        os.kill(doomed.pid, signal.SIGKILL)
        await doomed.wait()
    async with running(group, {"paint": desk}):
        await desk.has_done(1, 2, 3)


async def test_each_job_has_one_lane(group: ShardGroup) -> None:
    with pytest.raises(ValueError, match="one lane"):
        JobWorker(group, {"paint": Desk()}, [Lane(("print",), 1)])


async def test_the_first_late_start_is_an_increase(group: ShardGroup) -> None:
    JobWorker(group, {"never_run": Desk()})
    labels = {"group": group.name, "kind": "never_run", "le": "+Inf"}
    assert REGISTRY.get_sample_value("retrato_job_start_delay_seconds_bucket", labels) == 0


async def test_a_job_wakes_its_own_lane_and_no_other(group: ShardGroup) -> None:
    node = group.node(group.primaries()[0].candidates[0])
    heard: dict[str, list[object]] = {"paint": [], "print": []}
    connections = []
    for job, messages in heard.items():
        connections.append(await node.connect_aside())
        await LaneDriver(connections[-1], [job]).add_listener(CHANNEL, messages.append)
    try:
        for rounds, job in enumerate(("print", "paint", "print")):
            await enqueue(group, 0, rounds, job=job)

            async def it_is_heard(job: str = job, least: int = 1 + rounds // 2) -> None:
                assert len(heard[job]) >= least

            await eventually(it_is_heard)
        assert {job: len(messages) for job, messages in heard.items()} == {"print": 2, "paint": 1}
    finally:
        for connection in connections:
            await connection.close()


async def waiting(group: ShardGroup, job: str, count: int, *, status: str | None = None) -> None:
    found = 0
    for primary in group.primaries():
        rows = await group.pool_of(primary).fetch(
            "SELECT status::text FROM jobs.pgqueuer WHERE entrypoint = $1", (job,)
        )
        found += sum(1 for row in rows if status in {None, row["status"]})
    assert found == count

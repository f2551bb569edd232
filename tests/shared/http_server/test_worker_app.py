"""The loops of a worker restart after a crash, stop in order, and end with their process."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from shared.http_server import worker_app
from shared.http_server.service_app import AppInfo
from shared.http_server.worker_app import Run, create_worker_app
from tests.eventually import eventually
from tests.shared.conftest import OWN_ADDRESSES, StartReplica, calling
from tests.shared.replica_app import ReplicaSettings

INFO = AppInfo(name="users-worker", title="Worker", description="", audience=None)


@asynccontextmanager
async def working(settings: ReplicaSettings, run: Run) -> AsyncIterator[list[str]]:
    events: list[str] = []

    @asynccontextmanager
    async def open_resources() -> AsyncIterator[list[str]]:
        yield events
        events.append("resources closed")

    async with calling(create_worker_app(INFO, settings, open_resources, run)):
        yield events


async def test_the_loops_stop_before_the_resources_close(settings: ReplicaSettings) -> None:
    async def run(events: list[str], stop: asyncio.Event) -> None:
        events.append("begun")
        await stop.wait()
        events.append("loops stopped")

    async with working(settings, run) as events:
        await eventually(lambda: _assert_begun(events, times=1))
    assert events == ["begun", "loops stopped", "resources closed"]


def _assert_begun(events: list[str], times: int) -> None:
    assert events == ["begun"] * times


async def test_a_loop_that_crashes_begins_again(
    settings: ReplicaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_app, "RESTART_FIRST_S", 0.01)

    async def run(events: list[str], stop: asyncio.Event) -> None:
        events.append("begun")
        if len(events) < 3:
            raise RuntimeError("crash")
        await stop.wait()

    with capture_logs() as lines:
        async with working(settings, run) as events:
            await eventually(lambda: _assert_begun(events, times=3))
    assert [line["event"] for line in lines].count("loop_crashed") == 2


async def test_a_loop_that_does_not_stop_is_cancelled(
    settings: ReplicaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_app, "FINISH_S", 0.05)

    async def run(events: list[str], stop: asyncio.Event) -> None:
        events.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    async with working(settings, run) as events:
        await eventually(lambda: _assert_begun(events, times=1))
    assert events == ["begun", "cancelled", "resources closed"]


async def test_a_worker_process_answers_its_probes_and_stops_at_sigterm(
    start_replica: StartReplica,
) -> None:
    worker = start_replica(OWN_ADDRESSES[0], module="tests.shared.http_server.worker_process")
    assert worker.ready() == (200, "ok")
    assert "retrato_http_requests_in_flight" in worker.metrics()
    worker.signal(signal.SIGTERM)
    assert worker.process is not None
    assert worker.process.wait(10) == 0, worker.log.read_text()
    events = [line["event"] for line in worker.lines()]
    assert events.index("loop_begun") < events.index("loop_ended")

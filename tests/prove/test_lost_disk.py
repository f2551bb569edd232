"""A proof against real servers finds what a lost disk cost while replication did not wait."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from infra.control.clusters import wait_in_sync
from infra.failover.patroni import leading, standings_of, tell
from infra.plan.parts import Member
from prove import run
from prove.checks.every_check import check_all
from prove.faults import Breaker, Deed
from prove.losses import Losses
from prove.members import connect
from prove.people import hang_up
from prove.progress import Progress
from prove.victims import signal_all
from tests.conftest import TEST_FOLDER, TEST_NETWORK
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

# Enough that some belong to the database that loses its disk.
_ACKNOWLEDGED = 150
# The fault, and the wait for its members, take most of it.
_SECONDS = 60.0


@pytest.fixture
def stage() -> Iterator[Stage]:
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER).absolute()
    network = os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK
    stage = Stage(folder.with_name(f"{folder.name}-lost"), network)
    stage.extra = {"RETRATO_BACKUPS": "off"}
    stage.clear()
    up = stage.infra("up", "--ha")
    assert not up.returncode, up.stdout
    yield stage
    stage.clear()


class Careless(Breaker):
    """Knows one fault: a primary whose replica may lag loses its machine with its disk."""

    def kinds(self) -> list[str]:
        return ["lose primary"]

    def all_deeds(self, losses: Losses) -> Mapping[str, Deed]:
        return {**super().all_deeds(losses), "lose": self.lost}

    async def targets(self, _deed: str, _role: str) -> list[str]:
        return ["feed-a"]

    @asynccontextmanager
    async def lost(self, name: str) -> AsyncIterator[None]:
        suite = self.suite.on_disk
        database = next(one for one in suite.plan.databases if one.name == name)
        second = (await wait_in_sync(suite, database)).member
        led = leading(await standings_of(suite, database))
        assert led is not None
        first = led.member
        await tell(suite, first, "PATCH", "/config", {"synchronous_mode": False})
        await eventually(partial(_waits_for_nobody, self.suite, first), within_s=30)
        async with AsyncExitStack() as stack:
            # Not its Patroni: a member that was silent for a whole lease is never promoted.
            with _receiving_nothing(self.victims.pids(f"postgres-{second.name}")):
                await eventually(self._has_acknowledged(_ACKNOWLEDGED), within_s=60)
                await stack.enter_async_context(self.victims.away(f"postgres-{first.name}"))
            for entry in (suite.folder.data / "postgres" / first.name).iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            await eventually(partial(_leads, self.suite, second), within_s=60)
            yield

    def _has_acknowledged(self, more: int) -> Callable[[], None]:
        recorder = self.recorder
        assert isinstance(recorder, Progress)
        wanted = recorder.acknowledged + more

        def check() -> None:
            assert recorder.acknowledged >= wanted

        return check


@contextmanager
def _receiving_nothing(pids: Sequence[int]) -> Iterator[None]:
    """Freeze the process that receives a replica's WAL during the block, and end it then.

    What the kernel received meanwhile is never read: it asks for its end before it goes on.
    """
    titles = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}
    receivers = [pid for pid, title in titles.items() if b"walreceiver" in title]
    assert receivers
    signal_all(receivers, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(receivers, signal.SIGTERM)
        signal_all(receivers, signal.SIGCONT)


async def _waits_for_nobody(suite: Suite, member: Member) -> None:
    connection = await connect(suite, member)
    try:
        assert await connection.fetchval("SHOW synchronous_standby_names") == ""
    finally:
        await connection.close(timeout=1)


async def _leads(suite: Suite, member: Member) -> None:
    database = next(one for one in suite.plan.databases if member in one.members)
    led = leading(await standings_of(suite.on_disk, database))
    assert led is not None
    assert led.member == member


async def test_what_was_lost_with_a_disk_is_found(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "Breaker", Careless)
    proof = await run.Run(stage.suite(), tmp_path, run.Plan(seed=1, seconds=_SECONDS)).finish()
    await hang_up(proof.sessions)
    assert [one.kind for one in proof.history.faults][:1] == ["lose primary"]
    found = {one.kind for all_ in check_all(proof.history, proof.state).values() for one in all_}
    assert "lost" in found

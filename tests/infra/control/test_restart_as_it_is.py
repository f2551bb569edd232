"""A restart that an alert asks for brings nothing new."""

from pathlib import Path

import pytest

from infra.control import restart
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.restart import restart_as_it_is
from infra.process import Process
from infra.processes import processes_of
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in
from infra.topology import load_topology

QUIETLY = Progress(quiet=True)
_ROLES = set(load_topology().services)


class NoSupervisor:
    """Writes down what it is told; `up` says whether it runs."""

    told: list[str]
    up = True

    def is_running(self) -> bool:
        return self.up


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> NoSupervisor:
    """Nothing runs here: only what is written is of interest."""
    fake = NoSupervisor()
    fake.told = []

    def stop(_supervisor: object, process: Process) -> None:
        fake.told.append(f"stop {process.name}")

    async def start(
        _suite: Suite, _supervisor: object, process: Process, _progress: Progress
    ) -> float:
        fake.told.append(f"start {process.name}")
        return 0.0

    async def nothing(*_arguments: object) -> None:
        return

    monkeypatch.setattr(restart, "Supervisor", lambda _folder: fake)
    monkeypatch.setattr(restart, "_stop", stop)
    monkeypatch.setattr(restart, "start_process", start)
    monkeypatch.setattr(restart, "wait_for_others", nothing)
    monkeypatch.setattr(restart, "_wait_in_use", nothing)
    return fake


def state_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_one_process_stops_and_starts_and_no_file_changes(
    tmp_path: Path, supervisor: NoSupervisor
) -> None:
    suite = suite_in(RunFolder(tmp_path), "127.99")
    processes = [one for one in processes_of(suite) if one.service in _ROLES]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "feed.env").write_text("FEED_VERSION=old", encoding="utf-8")
    before = state_of(tmp_path)
    for process in processes:
        supervisor.told.clear()
        await restart_as_it_is(suite, process.name, QUIETLY)
        assert supervisor.told == [f"stop {process.name}", f"start {process.name}"]
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("name", ["feed", "feed-9", ""])
async def test_only_a_process_of_the_plan_is_restarted(
    tmp_path: Path, supervisor: NoSupervisor, name: str
) -> None:
    suite = suite_in(RunFolder(tmp_path), "127.99")
    with pytest.raises(SuiteFailure, match="no process"):
        await restart_as_it_is(suite, name, QUIETLY)
    assert supervisor.told == []


async def test_a_suite_that_is_down_stays_so(tmp_path: Path, supervisor: NoSupervisor) -> None:
    supervisor.up = False
    with pytest.raises(SuiteFailure, match="not up"):
        await restart_as_it_is(suite_in(RunFolder(tmp_path), "127.99"), "feed-1", QUIETLY)
    assert supervisor.told == []

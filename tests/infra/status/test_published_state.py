"""What the operators' page is told follows the suite, while the caretaker runs on."""

import asyncio
from pathlib import Path

import pytest

from infra.control.supervisor import ProcessState, Supervisor
from infra.ops.state import read_state
from infra.rendering.shard_maps import write_shard_map
from infra.run_folder import RunFolder
from infra.status import published_state
from infra.status.published_state import Look, publish_state
from infra.suite import Suite, suite_in
from tests.eventually import eventually


def _nothing_runs(_supervisor: Supervisor) -> dict[str, ProcessState]:
    return {}


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    for name in ("RETRATO_WATCH", "RETRATO_HA", "RETRATO_BACKUPS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Supervisor, "states", _nothing_runs)
    monkeypatch.setattr(published_state, "_LOOK_S", 0.01)
    folder = RunFolder(tmp_path)
    suite = suite_in(folder, "127.99")
    folder.shard_maps.mkdir(parents=True)
    for group in suite.plan.groups.values():
        write_shard_map(suite, group, [suite.plan.databases[0].name] * 64, 1)
    folder.watch_file.write_text("off\n", encoding="ascii")
    return suite_in(folder, "127.99")


def _names(suite: Suite) -> set[str]:
    file = suite.folder.state_file
    return {one.name for one in read_state(file).processes} if file.exists() else set()


def test_it_is_written_while_there_is_a_page_and_names_what_there_is(suite: Suite) -> None:
    look, folder = Look(suite, {}), suite.folder
    look.publish()
    assert not folder.state_file.exists()
    folder.watch_file.write_text("on\n", encoding="ascii")
    look.publish()
    assert {"prometheus", "ops"} <= _names(suite)
    assert "feed-3" not in _names(suite)
    folder.scale_file.write_text('{"feed": 3}', encoding="ascii")
    look.publish()
    assert "feed-3" in _names(suite)
    # A half-written file changes nothing.
    folder.scale_file.write_text("{", encoding="ascii")
    look.publish()
    assert "feed-3" in _names(suite)
    folder.scale_file.unlink()
    look.publish()
    assert "feed-3" not in _names(suite)
    folder.watch_file.write_text("off\n", encoding="ascii")
    folder.state_file.unlink()
    look.publish()
    assert not folder.state_file.exists()


async def test_a_loop_that_began_without_the_page_writes_for_it_later(suite: Suite) -> None:
    assert suite.plan.watch is None
    stop = asyncio.Event()
    loop = asyncio.create_task(publish_state(suite, stop, {}))
    suite.folder.watch_file.write_text("on\n", encoding="ascii")

    def is_told() -> None:
        assert "prometheus" in _names(suite)

    await eventually(is_told)
    stop.set()
    await loop

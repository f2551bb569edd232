"""No line of a log is older than three weeks, however little a process writes."""

import os
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from infra.control.old_logs import end_old_logs
from infra.plan.figures import Logs
from infra.suite import Suite as OnDisk
from tests.eventually import eventually
from tests.infra.test_foreign_files import TRAPS
from tests.suite import Suite

DAY_S = 24 * 3600
ROTATED_AFTER_S, DELETED_AFTER_S = Logs().put_aside_days * DAY_S, Logs().deleted_days * DAY_S


@pytest.fixture
def suite_of_logs(tmp_path: Path) -> OnDisk:
    (tmp_path / "log").mkdir()
    (tmp_path / "traces" / "feed").mkdir(parents=True)
    folder = SimpleNamespace(
        log=tmp_path / "log",
        traces=tmp_path / "traces",
        supervisor_pid_file=tmp_path / "absent.pid",
        installed_file=tmp_path / "absent",
    )
    plan = SimpleNamespace(limits=SimpleNamespace(logs=Logs()))
    return cast(OnDisk, SimpleNamespace(folder=folder, plan=plan))


def _age(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def _logs(suite: Any) -> dict[str, str]:
    files = sorted(suite.folder.log.glob("*.log*"))
    return {file.name: file.read_text() for file in files}


def test_a_week_after_the_last_time_all_logs_are_put_aside(suite_of_logs: OnDisk) -> None:
    folder = suite_of_logs.folder.log
    for name, text in (("a.log", "3"), ("a.log.1", "2"), ("a.log.2", "1"), ("b.log", "")):
        (folder / name).write_text(text)
    before = _logs(suite_of_logs)
    # The first look only notes the time.
    for seconds in (0.0, ROTATED_AFTER_S - 60):
        end_old_logs(suite_of_logs)
        _age(folder / ".rotated", seconds)
        assert _logs(suite_of_logs) == before
    _age(folder / ".rotated", ROTATED_AFTER_S + 60)
    end_old_logs(suite_of_logs)
    assert _logs(suite_of_logs) == {"a.log.1": "3", "a.log.2": "2", "b.log": ""}
    (folder / "a.log").write_text("4")
    end_old_logs(suite_of_logs)
    assert (folder / "a.log").read_text() == "4"


def test_what_was_put_aside_is_deleted_two_weeks_after_its_last_line(
    suite_of_logs: OnDisk,
) -> None:
    folder = suite_of_logs.folder.log
    for name, age in (("a.log.1", -60), ("a.log.2", 60), ("a.log", 60), ("ledger.json", 60)):
        (folder / name).write_text("x")
        _age(folder / name, DELETED_AFTER_S + age)
    end_old_logs(suite_of_logs)
    assert sorted(file.name for file in folder.iterdir() if file.name != ".rotated") == [
        "a.log",
        "a.log.1",
        "ledger.json",
    ]


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_of_a_service_keeps_old_files(suite_of_logs: OnDisk, trap: str) -> None:
    folder = suite_of_logs.folder.traces / "feed"
    TRAPS[trap](folder / "feed-1.jsonl.1")
    old = folder / "feed-2.jsonl.1"
    old.write_text("x")
    link = folder / "feed-0.jsonl"
    link.symlink_to("/dev/null")
    for file in folder.iterdir():
        then = time.time() - DELETED_AFTER_S - 60
        os.utime(file, (then, then), follow_symlinks=False)
    with suppress(IsADirectoryError):
        end_old_logs(suite_of_logs)
    left = {file.name for file in folder.glob("*.jsonl*")}
    assert left == ({"feed-1.jsonl.1"} if trap == "a folder" else set())
    assert (suite_of_logs.folder.log / ".rotated").exists()


async def test_a_running_suite_writes_on_into_new_files(suite: Suite) -> None:
    mark = suite.log_dir / ".rotated"
    mark.touch()
    _age(mark, ROTATED_AFTER_S + 60)
    before = suite.log_of("gateway-1")
    assert before
    end_old_logs(suite.on_disk)
    assert (suite.log_dir / "gateway-1.log.1").read_text(encoding="utf-8").startswith(before)

    async with httpx.AsyncClient(base_url=suite.public_url) as http:
        request_id = (await http.get("/v1/me")).headers["X-Request-ID"]

    def writes_on() -> None:
        # A process writes its lines a moment after its reply.
        files = suite.log_dir.glob("gateway-?.log")
        assert any(request_id in file.read_text(encoding="utf-8") for file in files)

    await eventually(writes_on, within_s=20)

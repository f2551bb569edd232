"""One command at a time changes a run folder; a second one is told which command runs."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.control.run_lock import sole_command
from infra.run_folder import REPOSITORY, RunFolder
from tests.eventually import eventually

HOLDER = """
import signal, sys
from pathlib import Path
from infra.control.run_lock import sole_command
from infra.run_folder import RunFolder
with sole_command(RunFolder(Path(sys.argv[1])), "up"):
    signal.pause()
"""

# `make automation` holds no lock: only automation itself does.
_TARGETS = {
    line.partition(":")[0]
    for line in (REPOSITORY / "Makefile").read_text(encoding="utf-8").splitlines()
    if re.match(r"[a-z-]+:", line)
} - {"automation"}


def _held_as() -> set[str]:
    """Return the names under which our code holds the lock."""
    texts = [
        file.read_text(encoding="utf-8")
        for part in ("infra", "bench", "prove")
        for file in (REPOSITORY / part).rglob("*.py")
    ]
    return {name for text in texts for name in re.findall(r'sole_command\(.*?, "(.+?)"\)', text)}


def test_the_second_command_hears_who_is_at_work(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    said = rf"`make up` \(pid {os.getpid()}, since 20"
    with (
        sole_command(folder, "up"),
        pytest.raises(SuiteFailure, match=said),
        sole_command(folder, "down"),
    ):
        pass
    with sole_command(folder, "down"):
        pass


@pytest.mark.parametrize("command", sorted(_held_as()))
def test_a_holder_is_named_by_what_somebody_can_recognise(tmp_path: Path, command: str) -> None:
    folder = RunFolder(tmp_path)
    with (
        sole_command(folder, command),
        pytest.raises(SuiteFailure) as refused,
        sole_command(folder, "down"),
    ):
        pass
    said = str(refused.value)
    assert "is at work on" in said
    assert (f"`make {command}`" in said) == (command in _TARGETS), said


def test_automation_is_named_as_such(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with (
        sole_command(folder, "automation"),
        pytest.raises(SuiteFailure, match=r"^Automation \(pid .* is at work on"),
        sole_command(folder, "down"),
    ):
        pass


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    with sole_command(RunFolder(tmp_path), "up"):
        pass
    assert not list(tmp_path.iterdir())


async def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), cwd=REPOSITORY
    )

    def is_held() -> None:
        assert folder.lock_file.exists()
        assert folder.lock_file.stat().st_size

    await eventually(is_held)
    with pytest.raises(SuiteFailure, match=f"pid {holder.pid}"), sole_command(folder, "down"):
        pass
    holder.kill()
    await holder.wait()
    with sole_command(folder, "down"):
        pass

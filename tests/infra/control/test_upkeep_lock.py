"""A second upkeep command of the same kind is refused and told which process runs."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.control.upkeep_lock import alone
from infra.run_folder import REPOSITORY, RunFolder
from tests.eventually import eventually

HOLD = """
import sys
from pathlib import Path
from infra.control.upkeep_lock import alone
from infra.run_folder import RunFolder
with alone(RunFolder(Path(sys.argv[1])), "sweep"):
    print("held", flush=True)
    sys.stdin.read()
"""

HAVE_HELD = """
import subprocess, sys
from pathlib import Path
from infra.control.upkeep_lock import alone, name_holder
from infra.run_folder import RunFolder
with alone(RunFolder(Path(sys.argv[1])), "sweep") as lock:
    child = subprocess.Popen(
        ["sleep", "60"], pass_fds=(lock.fileno(),), stdout=subprocess.DEVNULL
    )
    name_holder(lock, child.pid)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_the_second_is_told_who_runs_the_first(folder: RunFolder) -> None:
    with (
        alone(folder, "sweep"),
        pytest.raises(SuiteFailure, match=rf"`make sweep` runs already \(process {os.getpid()}, "),
        alone(folder, "sweep"),
    ):
        pass


def test_other_commands_are_not_in_the_way_and_an_end_frees_it(folder: RunFolder) -> None:
    with alone(folder, "sweep"), alone(folder, "reconcile"):
        pass
    with pytest.raises(RuntimeError), alone(folder, "sweep"):
        raise RuntimeError
    with alone(folder, "sweep"):
        pass


def test_a_command_that_was_killed_holds_nothing(folder: RunFolder) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.root)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SuiteFailure, match=f"process {holder.pid}"), alone(folder, "sweep"):
            pass
        holder.kill()
        holder.wait()
        with alone(folder, "sweep"):
            pass


async def test_a_child_that_outlives_its_parent_is_still_in_the_way(folder: RunFolder) -> None:
    child = _child_of_a_killed_command(folder)
    with pytest.raises(SuiteFailure, match=f"process {child}"), alone(folder, "sweep"):
        pass
    os.kill(child, signal.SIGKILL)
    await eventually(partial(_assert_free, folder))


def _child_of_a_killed_command(folder: RunFolder) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", HAVE_HELD, str(folder.root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    return child


def _assert_free(folder: RunFolder) -> None:
    try:
        with alone(folder, "sweep"):
            pass
    except SuiteFailure as failure:
        raise AssertionError(str(failure)) from failure

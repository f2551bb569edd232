"""Each command of upkeep is interrupted, killed, and run twice at once, on a running suite."""

import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from infra.run_folder import RunFolder
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage

Situation = Callable[[Stage], Awaitable[None]]
COMMANDS = ("reconcile", "sweep", "verify-store", "audit-timelines", "rebuild-timelines", "migrate")


@contextmanager
def _begun(stage: Stage, command: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a command in its own process group, which is signalled as a whole."""
    child = stage.begun(command)
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _assert_held(stage: Stage, command: str) -> None:
    folder = RunFolder(stage.folder)
    lock = folder.lock_file if command == "migrate" else folder.locks / f"{command}.lock"
    assert lock.exists()
    assert "pid" in (text := lock.read_text(encoding="utf-8")) or "process" in text


def _cut(command: str, number: signal.Signals) -> Situation:
    async def situation(stage: Stage) -> None:
        (RunFolder(stage.folder).locks / f"{command}.lock").unlink(missing_ok=True)
        with _begun(stage, command) as child:
            await eventually(lambda: _assert_held(stage, command), every_s=0.005)
            os.killpg(child.pid, number)
            said, _nothing = child.communicate(timeout=60)
        stage.did(f"{number.name} to `make {command}` under way → {child.returncode}")
        if not child.returncode:
            stage.record.faults.append("it went on as if there had been no signal")
        if "Traceback" in said:
            stage.record.faults.append(f"a traceback: {said[-600:]}")
        stage.says([command], status=0, words=[])
        await stage.look()

    situation.__doc__ = f"{number.name} to `make {command}` under way"
    situation.__name__ = f"{number.name.lower()}_of_{command.replace('-', '_')}"
    return situation


def _twice(command: str) -> Situation:
    async def situation(stage: Stage) -> None:
        (RunFolder(stage.folder).locks / f"{command}.lock").unlink(missing_ok=True)
        with _begun(stage, command) as child:
            await eventually(lambda: _assert_held(stage, command), every_s=0.005)
            # The first is frozen, since otherwise it would end before the second starts.
            os.killpg(child.pid, signal.SIGSTOP)
            words = ["is at work"] if command == "migrate" else ["runs already (process"]
            stage.says([command], status=1, words=words)
            os.killpg(child.pid, signal.SIGCONT)
            said, _nothing = child.communicate(timeout=120)
        stage.did(f"the first `make {command}` → {child.returncode}")
        if child.returncode:
            stage.record.faults.append(
                f"the first one ended with {child.returncode}: {said[-300:]}"
            )
        await stage.look()

    situation.__doc__ = f"`make {command}` twice at once"
    situation.__name__ = f"twice_{command.replace('-', '_')}"
    return situation


UPKEEP_CUT = [
    *(_cut(command, n) for command in COMMANDS for n in (signal.SIGINT, signal.SIGKILL)),
    *(_twice(command) for command in COMMANDS),
]

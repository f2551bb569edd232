"""One upkeep command of a kind at a time: a file in the run folder that names who runs it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO

from infra.control.failures import SuiteFailure
from infra.run_folder import RunFolder


@contextmanager
def alone(folder: RunFolder, command: str) -> Iterator[IO[str]]:
    """Hold the command's lock within the block; raises SuiteFailure if somebody else has it.

    The kernel gives the lock back when its last holder ends, killed or not. A child that gets the
    file's descriptor holds it too, so a child that outlives its parent is still in the way.
    """
    with _opened(folder, command) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise SuiteFailure(
                f"`make {command}` runs already ({handle.read().strip() or 'it has just begun'}):"
                " wait until it has ended, or end it and run this again."
            ) from None
        name_holder(handle, os.getpid())
        yield handle
        _write(handle, "")


def name_holder(handle: IO[str], pid: int) -> None:
    """Write who holds the lock, for those who want it too."""
    _write(handle, f"process {pid}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _write(handle: IO[str], text: str) -> None:
    # On a full disk the lock holds without a name.
    with suppress(OSError):
        handle.seek(0)
        handle.truncate()
        handle.write(text)
        handle.flush()


def _opened(folder: RunFolder, command: str) -> IO[str]:
    path = folder.locks / f"{command}.lock"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise SuiteFailure(f"{path} cannot be written: {error.strerror}.") from error

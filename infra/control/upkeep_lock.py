"""A lock per upkeep command: a file in the run folder that names the running process."""

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
    """Hold the command's lock during the block; raises SuiteFailure if another process has it.

    The kernel releases the lock when its last holder ends, even if it is killed. A child that
    inherits the descriptor holds the lock too, and may outlive its parent.
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
    """Write the lock's holder into its file, for the message to other processes."""
    _write(handle, f"process {pid}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _write(handle: IO[str], text: str) -> None:
    # On a full disk the lock works without the holder's name.
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

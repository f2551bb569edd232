"""The lock of a run folder: the command that changes the suite holds it and writes its name."""

import contextlib
import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from infra.control.failures import SuiteFailure
from infra.run_folder import RunFolder

# What works on the suite without a command that somebody typed.
_BY_THEMSELVES = {
    "automation": "Automation",
    "renew-certificates": "The caretaker, which renews certificates,",
}


@contextmanager
def sole_command(folder: RunFolder, command: str) -> Iterator[None]:
    """Hold the lock; raises SuiteFailure with the name of the present holder.

    The kernel releases the lock when its holder ends, even if it is killed.
    """
    handle = _locked(folder)
    try:
        _say_who(handle, command)
        yield
    finally:
        # No other command waits for the lock, so the file may be deleted while it is held.
        with contextlib.suppress(FileNotFoundError):
            folder.lock_file.unlink()
        handle.close()


def _locked(folder: RunFolder) -> IO[str]:
    while True:
        handle = folder.lock_file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            said = _holder(handle)
            handle.close()
            raise SuiteFailure(
                f"{said} is at work on {folder.root}: wait until it has ended, then say this again."
            ) from None
        if _is_still_named(handle, folder):
            return handle
        handle.close()  # the last holder deleted the file between our open and our lock


def _is_still_named(handle: IO[str], folder: RunFolder) -> bool:
    try:
        return folder.lock_file.stat().st_ino == os.fstat(handle.fileno()).st_ino
    except FileNotFoundError:
        return False


def _say_who(handle: IO[str], command: str) -> None:
    handle.truncate(0)
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    json.dump({"pid": os.getpid(), "command": command, "since": since}, handle)
    handle.flush()


def _holder(handle: IO[str]) -> str:
    handle.seek(0)
    try:
        said = json.load(handle)
        name = _BY_THEMSELVES.get(said["command"]) or f"`make {said['command']}`"
        return f"{name} (pid {said['pid']}, since {said['since']})"
    except (ValueError, KeyError, TypeError):
        return "Another command"

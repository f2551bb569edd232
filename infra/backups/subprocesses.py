"""Runs a program with a deadline, and turns its failure into an error with a clear sentence."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.backups.sealing import WrongPassphrase
from infra.control.failures import SuiteFailure
from infra.run_folder import MARK

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SAID_CHARS_MAX = 600
_ENDED_WITHIN_S = 5.0


# Programs beside the suite get the lowest CPU and disk priority. Only the disk schedulers bfq and
# mq-deadline respect it. An increment of 39 reaches the highest niceness from any start.
GIVES_WAY = ("nice", "-n", "39", "ionice", "-c", "3")


class BackupFailure(SuiteFailure):
    """A backup or a restore failed; the message says why."""


class StoreAway(BackupFailure):
    """The backup store does not answer; WAL waits at the primaries meanwhile."""


class DamagedBackup(BackupFailure):
    """Something in the backups is missing or has changed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, environment and deadline `limit_s`.

    `marked` is its run folder: if this process dies, the next command finds the program by that
    mark. `given` is its standard input, which other users cannot see.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    limit_s: float
    marked: Path
    given: bytes = b""


# Patterns of programs' output, in the order of matching, and the errors that they mean.
_MEANINGS: tuple[tuple[str, type[SuiteFailure], str], ...] = (
    (
        r"CryptoError|FormatError|unable to flush|bad password|failed to authenticate",
        WrongPassphrase,
        "The passphrase does not fit these backups, or what it should open is damaged.",
    ),
    (
        r"unable to acquire lock",
        BackupFailure,
        "Another backup of it is under way: wait until it is done, then run this again.",
    ),
    (
        r"is not later than latest backup label",
        BackupFailure,
        "The clock is behind the newest backup: set it right, or wait until it has passed that.",
    ),
    (
        r"No space left on device|\[Errno 28\]|ENOSPC",
        BackupFailure,
        "The disk is full: make room, then run the same command again.",
    ),
    (
        r"ChecksumError|ChecksumMismatch|checksum|invalid checksum|hash differ|corrupted",
        DamagedBackup,
        "An object in the backups is damaged: another backup or another moment has to do.",
    ),
    (
        (
            r"HostConnectError|unable to connect|connection refused|no route to|timeout connecting"
            r"|timeout after|unexpected eof|ServiceError|FileReadError: timeout"
            # rclone reports this when a store does not answer.
            r"|unable to get address|Failed to create file system"
        ),
        StoreAway,
        "The backup store does not answer; nothing is lost, WAL waits at the primary.",
    ),
    (
        r"SignatureDoesNotMatch|InvalidAccessKeyId|AccessDenied|\b403\b",
        BackupFailure,
        "The backup store refuses the keys: check the access key and its secret.",
    ),
    (
        r"FileMissingError|NoSuchKey|unable to load info file|ArchiveMismatchError",
        DamagedBackup,
        "Something is missing in the backups that should be there.",
    ),
)


def meaning_of(said: str, subject: str) -> SuiteFailure:
    """Return the error for a failed program's output; `subject` is what was attempted."""
    tail = said.strip()[-_SAID_CHARS_MAX:]
    for pattern, kind, sentence in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(f"{subject}: {sentence}\n  {tail}")
    return BackupFailure(f"{subject} failed:\n  {tail}")


async def run_command(
    command: Command, subject: str, *, tell: Callable[[str], None] | None = None
) -> str:
    """Run a program and return its output.

    Raises the error of `meaning_of` after a failure, and BackupFailure after the deadline. `tell`
    gets every line of both outputs as it comes.
    """
    with _readable(command.given) as given:
        process = await asyncio.create_subprocess_exec(
            *command.words,
            cwd=command.folder,
            env={
                "PATH": _PATH,
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                MARK: str(command.marked),
                **command.environment,
            },
            stdin=given,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    lines: list[str] = []
    try:
        async with asyncio.timeout(command.limit_s):
            if process.stdout is not None:
                async for raw in process.stdout:
                    lines.append(raw.decode(errors="replace"))
                    if tell is not None:
                        tell(lines[-1].rstrip())
            code = await process.wait()
    except TimeoutError:
        raise BackupFailure(f"{subject} was not done after {command.limit_s:.0f} s.") from None
    finally:
        await _end(process)
    said = "".join(lines)
    if code:
        raise meaning_of(said, subject)
    return said


@contextmanager
def _readable(content: bytes) -> Iterator[int]:
    """Yield a descriptor of a memory file with this content.

    With a pipe, uvloop raises errors if the program ends before its input was written.
    """
    descriptor = os.memfd_create("given")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program with its children, because a surviving program would hold its lock.

    It may hang on writing output that nobody reads, so SIGKILL follows SIGTERM.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDED_WITHIN_S):
                await process.wait()

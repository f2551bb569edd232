"""Ends logs and traces by age: the supervisor alone rotates logs by size, which may take years.

By default a log is put aside after a week, and deleted two weeks after its last line. So no line is
older than three weeks.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

_DAY_S = 24 * 3600.0
_LOOK_S = 3600.0
# The supervisor keeps as many of each log, and names them alike (supervisord.conf.j2).
_KEPT = 2
# Its time of change is that of the last rotation.
_MARK = ".rotated"

log = get_logger()


async def keep_logs_young(suite: Suite, stop: asyncio.Event) -> None:
    """Look every hour until `stop` is set."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(end_old_logs, suite)
        except OSError as error:
            log.warning("logs outlive their time", reason=str(error))
        await pause(stop, _LOOK_S)


def end_old_logs(suite: Suite) -> None:
    """Delete what is old, and put all logs aside once a week.

    Raises OSError in the end, if something could not be deleted.
    """
    now_s, folder, logs = time.time(), suite.folder.log, suite.plan.limits.logs
    # Services write the folders of traces, so anything may lie there.
    files = (*folder.glob("*.log.*"), *suite.folder.traces.glob("*/*.jsonl*"))
    failed = list(_stubborn(files, now_s - logs.deleted_days * _DAY_S))
    mark = folder / _MARK
    if suite.folder.installed_file.exists():
        # systemd keeps the files open, so a timer of the machine empties them instead.
        pass
    elif not mark.exists():
        mark.touch()
    elif mark.stat().st_mtime < now_s - logs.put_aside_days * _DAY_S:
        for file in sorted(folder.glob("*.log")):
            _put_aside(file)
        mark.touch()
        _have_logs_reopened(suite)
    if failed:
        raise failed[0]


def _stubborn(files: Iterable[Path], before_s: float) -> Iterator[OSError]:
    """Delete the files of before a time; yields the errors of those that stay."""
    for file in files:
        try:
            if file.lstat().st_mtime < before_s:
                file.unlink(missing_ok=True)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield error


def _put_aside(file: Path) -> None:
    if not file.stat().st_size:
        return
    for number in range(_KEPT, 0, -1):
        older = file.with_name(f"{file.name}.{number}")
        newer = file.with_name(f"{file.name}.{number - 1}") if number > 1 else file
        if newer.exists():
            newer.replace(older)


def _have_logs_reopened(suite: Suite) -> None:
    """Until it does so, the supervisor goes on writing into what was put aside; no line is lost."""
    try:
        supervisor = int(suite.folder.supervisor_pid_file.read_text(encoding="ascii"))
        os.kill(supervisor, signal.SIGUSR2)
    except (FileNotFoundError, ProcessLookupError):
        # The suite is ending; the next supervisor opens new files.
        return

"""Finds, filters and follows the log files of a service."""

import heapq
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from infra.control.failures import SuiteFailure
from infra.foreign_files import foreign_lines, printable
from infra.processes import processes_of
from infra.programs import program
from infra.status.log_lines import LEVELS, level_of, time_in
from infra.suite import Suite

_LINES_BEFORE = 40
_AGO = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted: from a level on, and with a match of an expression."""

    level: str = ""
    expression: re.Pattern[str] | None = None

    @property
    def is_all(self) -> bool:
        """Whether every line is wanted."""
        return not self.level and self.expression is None

    def takes(self, line: str) -> bool:
        """Whether a line is wanted."""
        if self.expression is not None and not self.expression.search(line):
            return False
        return not self.level or LEVELS.index(level_of(line)) >= LEVELS.index(self.level)


class _Dated(NamedTuple):
    """A line with the time in it, or that of the line before."""

    at: str
    number: int
    line: str


def wanted_lines(level: str, expression: str) -> Wanted:
    """Read the operator's words; raises SuiteFailure for a level or expression that is none."""
    if level and level.lower() not in LEVELS:
        raise SuiteFailure(f"LEVEL= wants one of: {', '.join(LEVELS)}.")
    try:
        compiled = re.compile(expression, re.IGNORECASE) if expression else None
    except re.error as error:
        raise SuiteFailure(f"GREP= is no regular expression: {error}.") from None
    return Wanted(level.lower(), compiled)


def time_of(since: str, now: datetime) -> str:
    """Return the time that `10m`, `2h`, `1d` ago or an ISO time in UTC names, as logs spell it.

    Raises SuiteFailure.
    """
    ago = _AGO.fullmatch(since)
    if ago is not None:
        at = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    else:
        try:
            at = datetime.fromisoformat(since)
        except ValueError:
            raise SuiteFailure(
                "SINCE= wants 90s, 10m, 2h, 1d or a time in UTC such as 2026-11-29T12:00."
            ) from None
        at = at.replace(tzinfo=at.tzinfo or UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def log_files(suite: Suite, what: str) -> list[Path]:
    """Return the logs of a service, of one process, or of everything (""); raises SuiteFailure."""
    processes = processes_of(suite)
    names = [p.name for p in processes if not what or what in {p.service, p.name}]
    if not names:
        known = ", ".join(sorted({process.service for process in processes}))
        raise SuiteFailure(f"S= wants one of: {known}; or the name of a process.")
    files = [file for name in names if (file := suite.folder.process_log(name)).exists()]
    if not files:
        raise SuiteFailure("There is no log yet: `make up` starts the suite.")
    return files


def lines_since(files: Iterable[Path], since: str, wanted: Wanted) -> Iterator[str]:
    """Yield the wanted lines since a time, all files by time, put-aside ones included."""
    for dated in heapq.merge(*(_dated(file, number) for number, file in enumerate(files))):
        if dated.at >= since and wanted.takes(dated.line):
            yield printable(dated.line)


def _dated(log: Path, number: int) -> Iterator[_Dated]:
    at = ""
    for file in (*sorted(log.parent.glob(f"{log.name}.*"), reverse=True), log):
        # The supervisor may put it aside at this moment; it then has no lines.
        for line in foreign_lines(file):
            # A line of a traceback belongs to the line before, and two threads may swap lines.
            at = max(at, time_in(line) or at)
            yield _Dated(at, number, line.rstrip("\n"))


def follow(files: list[Path], wanted: Wanted) -> None:
    """Print the last wanted lines and then every new one, until Ctrl-C."""
    tail = program("tail")
    options = [f"--lines={_LINES_BEFORE}", "--follow=name", "--retry"]
    quiet = () if wanted.is_all else ("--quiet",)
    words = [tail, *options, *quiet, *map(str, files)]
    with (
        suppress(KeyboardInterrupt),
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True, errors="replace") as running,
    ):
        for line in running.stdout or ():
            if wanted.takes(line):
                sys.stdout.write(printable(line.rstrip("\n")) + "\n")
                sys.stdout.flush()

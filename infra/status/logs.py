"""Finds and follows the log files of a service."""

import os
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.processes import processes_of
from infra.programs import program
from infra.suite import Suite

_LINES_BEFORE = 40


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


def follow(files: list[Path]) -> None:
    """Replace this process by `tail`, which prints the last lines and then every new one."""
    tail = program("tail")
    options = [f"--lines={_LINES_BEFORE}", "--follow=name", "--retry"]
    os.execv(tail, [tail, *options, *map(str, files)])  # noqa: S606 - Ctrl-C is for tail

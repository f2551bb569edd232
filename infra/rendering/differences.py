"""Finds the rendered files that would change, and their processes, without writing them."""

import re
from pathlib import Path

from infra.plan.watchers import READY_PATHS as WATCHERS
from infra.process import Process
from infra.rendering.everything import render_everything
from infra.rendering.files import comparing
from infra.suite import Suite

# The other ones tell no more.
_NAMED_MAX = 3
_NUMBER = re.compile(r"-\d+$")


def changed_files(suite: Suite, processes: tuple[Process, ...]) -> dict[str, list[Path]]:
    """Map each process to its rendered files that differ from the present topology and code.

    Nothing is written except certificates for new names and addresses. A server whose address
    changed gets a new certificate, but uses the old one until it restarts. The supervisor's own
    file is under "supervisor".
    """
    with comparing() as files:
        names = render_everything(suite, processes)
    etc = suite.folder.etc
    relative = [file.relative_to(etc) if file.is_relative_to(etc) else file for file in files]
    return {name: [file for file in relative if _belongs(file, name)] for name in sorted(names)}


def undeployed(suite: Suite, processes: tuple[Process, ...]) -> str:
    """Return a sentence that names rendered files which differ, "" if none does.

    The commit is in the files of services, so another checkout differs too.
    """
    with comparing() as files:
        render_everything(suite, processes)
    if not files:
        return ""
    named = ", ".join(sorted({file.name for file in files})[:_NAMED_MAX])
    return f"code or topology differ from what runs ({named}): `make up` brings them together"


def files_of(suite: Suite, process: Process) -> list[Path]:
    """Return the rendered files that a process reads."""
    etc = suite.folder.etc
    return [
        file
        for file in etc.rglob("*")
        if file.is_file() and _belongs(file.relative_to(etc), process.name)
    ]


def _belongs(file: Path, process: str) -> bool:
    """Whether a file belongs to a process, by the renderers' naming of files."""
    kind = file.parts[0]
    if kind == "postgres":
        return process == f"postgres-{file.parts[1]}"
    if kind == "redis":
        return process == f"redis-{file.stem}"
    if kind == "dns":
        return process == "dns"
    if kind in WATCHERS:
        return _NUMBER.sub("", process) == kind
    if file.name == "supervisord.conf":
        return process == "supervisor"
    # Equal processes have a number behind the name of their role.
    return file.stem in {process, _NUMBER.sub("", process)}

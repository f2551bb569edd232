"""Which rendered files would change, and for which processes: rendering that only compares."""

from pathlib import Path

from infra.processes import Process
from infra.rendering.everything import render_everything
from infra.rendering.files import comparing
from infra.suite import Suite


def changed_files(suite: Suite, processes: tuple[Process, ...]) -> dict[str, list[Path]]:
    """By process the rendered files that differ from what the topology and the code say now.

    Nothing is written but certificates for names and addresses that have none yet; those of
    servers whose address changed are issued again, and the running ones go on with the old.
    A change of the supervisor's own file stands under "supervisor".
    """
    with comparing() as files:
        names = render_everything(suite, processes)
    etc = suite.folder.etc
    relative = [file.relative_to(etc) if file.is_relative_to(etc) else file for file in files]
    return {name: [file for file in relative if _belongs(file, name)] for name in sorted(names)}


def files_of(suite: Suite, process: Process) -> list[Path]:
    """The rendered files that a process reads."""
    etc = suite.folder.etc
    return [
        file
        for file in etc.rglob("*")
        if file.is_file() and _belongs(file.relative_to(etc), process.name)
    ]


def _belongs(file: Path, process: str) -> bool:
    """Whether a file is of the process, by the places that the renderers give to files."""
    kind = file.parts[0]
    if kind == "postgres":
        return process == f"postgres-{file.parts[1]}"
    if kind == "redis":
        return process == f"redis-{file.stem}"
    if kind == "dns":
        return process == "dns"
    if file.name == "supervisord.conf":
        return process == "supervisor"
    return process == file.stem or process.startswith(f"{file.stem}-")

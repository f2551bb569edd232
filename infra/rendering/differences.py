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


def _belongs(file: Path, process: str) -> bool:
    """Whether a file is of the process, by the names that the renderers give to files."""
    if process == "supervisor":
        return file.name == "supervisord.conf"
    service = process.split("-", maxsplit=1)[0]
    owner = process.removeprefix("postgres-").removeprefix("redis-")
    return owner in {*file.parts, file.stem} or service in {file.stem, file.parts[0]}

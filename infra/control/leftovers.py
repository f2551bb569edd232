"""Finds and ends processes that an earlier run of this suite left behind."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.control.ports import listeners_at
from infra.run_folder import MARK, REPOSITORY, RunFolder

_POLL_S = 0.1
_ROUNDS_MAX = 3


def leftover_pids(folder: RunFolder, endpoints: Iterable[tuple[str, int]]) -> set[int]:
    """Return the processes with this suite's mark in their environment, and its nginx workers."""
    return (set(_marked(folder)) | nginx_pids(folder.etc / "nginx", endpoints)) - {os.getpid()}


def nginx_pids(configs: Path, endpoints: Iterable[tuple[str, int]]) -> set[int]:
    """Return the nginx processes of a suite that listen at these addresses or lost their master.

    nginx overwrites its environment with its title, so it has no mark. Instead it works in
    `configs`, the folder of the suite's nginx configurations. The children of a killed master live
    on, and its cache manager listens nowhere.
    """
    listening = {pid for listener in listeners_at(endpoints) for pid in listener.pids}
    nginxes = {pid for pid in _pids() if _program(pid) == "nginx"}
    lost = {pid for pid in nginxes if _works_in(pid, configs) and _has_lost_its_master(pid)}
    # An nginx from before it worked in `configs` works in the repository.
    homes = (configs, REPOSITORY)
    return lost | {
        pid for pid in nginxes & listening if any(_works_in(pid, home) for home in homes)
    }


def end_processes(pids: Iterable[int], *, timeout_s: float) -> set[int]:
    """End processes with a signal, and after `timeout_s` by SIGKILL; returns those still alive."""
    left = set(pids)
    for pid in left:
        # On SIGTERM Postgres would wait until every client has left.
        _send(pid, signal.SIGINT if _program(pid) == "postgres" else signal.SIGTERM)
    left = _wait_gone(left, timeout_s)
    for pid in left:
        _send(pid, signal.SIGKILL)
    return _wait_gone(left, timeout_s)


def end_leftovers(
    folder: RunFolder, endpoints: Iterable[tuple[str, int]], *, timeout_s: float
) -> set[int]:
    """End all that carry this suite's mark; returns those that still live after three rounds.

    Some begin meanwhile: a Postgres that stops hands the rest of its log to a program of backups.
    """
    endpoints = list(endpoints)
    for _ in range(_ROUNDS_MAX):
        left = leftover_pids(folder, endpoints)
        if not left:
            return set()
        end_processes(left, timeout_s=timeout_s)
    return leftover_pids(folder, endpoints)


def processes_in(folder: Path) -> set[int]:
    """Return the processes that work in this folder, as a Postgres does in its data."""
    return {pid for pid in _pids() if _works_in(pid, folder.resolve())}


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in {"Z", "X"}


def _marked(folder: RunFolder) -> Iterator[int]:
    mark = f"{MARK}={folder.root}".encode()
    for pid in _pids():
        # A process may end meanwhile, and other users' processes are unreadable.
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                yield pid


def _pids() -> Iterator[int]:
    return (int(process.name) for process in Path("/proc").glob("[0-9]*"))


def _has_lost_its_master(pid: int) -> bool:
    try:
        title = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    parent_pid = int(stat.rpartition(")")[2].split()[1])
    return title.startswith(("nginx: worker", "nginx: cache")) and _program(parent_pid) != "nginx"


def _works_in(pid: int, folder: Path) -> bool:
    try:
        # The kernel adds this word after somebody has deleted the folder.
        return str(Path(f"/proc/{pid}/cwd").readlink()).removesuffix(" (deleted)") == str(folder)
    except OSError:
        return False


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _wait_gone(pids: Iterable[int], timeout_s: float) -> set[int]:
    deadline_s = time.monotonic() + timeout_s
    left = {pid for pid in pids if is_alive(pid)}
    while left and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        left = {pid for pid in left if is_alive(pid)}
    return left

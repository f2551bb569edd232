"""Kills a Postgres whose Patroni no longer keeps it in order: `python fence.py` with its arguments.

Patroni demotes a primary that loses its lease, but not while Patroni itself is frozen. Then another
member is promoted, and the former primary would go on answering. It runs as a file, as the account
of the databases, with only the standard library: there are as many fences as servers.
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

# Each look is a TLS handshake, and there are as many fences as servers on a small machine.
_LOOK_S = 2.0
_ANSWER_WITHIN_S = 1.0
# Patroni asks its server for this answer, so that it costs more than the other.
_LOOKS_A_STATUS = 2
# The line of postmaster.pid that holds the state of the server.
_STATE_LINE = 7
_OK = 200

Ask = Callable[[str], tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long Patroni may be silent, and how long a primary may not see etcd, in seconds."""

    silence_s: float
    blindness_s: float


class Fence:
    """What a fence remembers between two looks."""

    def __init__(self, folder: Path, patience: Patience, ask: Ask) -> None:
        self._folder = folder
        self._patience = patience
        self._ask = ask
        self._alive_s: float | None = None
        self._looks = 0

    def look(self, now_s: float, clock_s: float) -> str:
        """Look once, at a monotonic and a Unix time; returns why Postgres was killed, or ""."""
        self._looks += 1
        why = self._reason(now_s, clock_s)
        if not why or not kill_server(self._folder):
            return ""
        # The next silence counts from a new answer, because Patroni starts the server again.
        self._alive_s = None
        return why

    def _reason(self, now_s: float, clock_s: float) -> str:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            status, _body = self._ask("/liveness")
            if status == _OK:
                self._alive_s = now_s
                return "" if self._looks % _LOOKS_A_STATUS else self._blindness(clock_s)
        if self._alive_s is None:  # Patroni has not answered yet, so it has promoted nothing.
            return ""
        silent_s = now_s - self._alive_s
        return f"Patroni silent for {silent_s:.1f} s" if silent_s > self._patience.silence_s else ""

    def _blindness(self, clock_s: float) -> str:
        """Return why a primary without etcd must end; in failsafe mode all members agreed to it."""
        _status, said = self._ask("/patroni")
        seen_s = said.get("dcs_last_seen", 0)
        is_primary = said.get("role") in {"primary", "master"}
        if not is_primary or not seen_s or said.get("failsafe_mode_is_active"):
            return ""
        blind_s = clock_s - seen_s
        return f"etcd not seen for {blind_s:.1f} s" if blind_s > self._patience.blindness_s else ""


def kill_server(folder: Path) -> bool:
    """Kill the server of a data folder with all its children; returns whether one ran.

    A server that is stopping takes no more writes, so it may end by itself.
    """
    lines = _lines_of(folder / "postmaster.pid")
    if not lines or (len(lines) > _STATE_LINE and lines[_STATE_LINE].strip() == "stopping"):
        return False
    pid = int(lines[0]) if lines[0].strip().isdigit() else 0
    if not _works_in(pid, folder):
        return False
    # The server first, so that it starts no more children; a frozen child would outlive it.
    for victim in (pid, *(child for child in _pids() if _works_in(child, folder))):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(victim, signal.SIGKILL)
    return True


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _pids() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return pid > 0 and Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def asking(endpoint: str, ca_file: str) -> Ask:
    """Return a function that asks a Patroni for a path; each call is a connection of its own."""
    host, _colon, port = endpoint.partition(":")

    def ask(path: str) -> tuple[int, Mapping[str, Any]]:
        context = _trusting(ca_file, Path(ca_file).stat().st_mtime_ns)
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=_ANSWER_WITHIN_S, context=context
        )
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            body = reply.read(65_536)
        finally:
            connection.close()
        said = json.loads(body) if body else {}
        return reply.status, said if isinstance(said, dict) else {}

    return ask


@lru_cache(maxsize=1)
def _trusting(ca_file: str, _written_ns: int) -> ssl.SSLContext:
    # The time of writing is part of the key, because the authority may be replaced.
    return ssl.create_default_context(cafile=ca_file)


def main() -> None:
    """Look until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("ca_file")
    parser.add_argument("folder", type=Path)
    parser.add_argument("silence_s", type=float)
    parser.add_argument("blindness_s", type=float)
    given = parser.parse_args()
    patience = Patience(given.silence_s, given.blindness_s)
    fence = Fence(given.folder, patience, asking(given.endpoint, given.ca_file))
    while True:
        if why := fence.look(time.monotonic(), time.time()):
            event = {"event": "postgres_fenced", "folder": str(given.folder), "reason": why}
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()
        time.sleep(_LOOK_S)


if __name__ == "__main__":
    main()

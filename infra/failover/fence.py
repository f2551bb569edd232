"""Kills a Postgres whose Patroni no longer keeps it in order: `python fence.py` with its arguments.

Patroni demotes a primary that loses its lease, but not while Patroni itself is frozen. Then another
member is promoted, and the former primary would go on answering. One process fences all servers of
its machine, each from a thread of its own. It runs as a file, as the account of the databases,
with only the standard library.
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

# Each look is a TLS handshake, for each server of a small machine. So a fence looks seldom while it
# gets answers, and often as soon as one is missing.
_LOOK_S = 3.0
_LOOK_AGAIN_S = 1.0
_ANSWER_WITHIN_S = 1.0
# Patroni asks its server for this answer, so that it costs more than the other.
_LOOKS_A_STATUS = 2
# The line of postmaster.pid that holds the state of the server.
_STATE_LINE = 7
_OK = 200
# A Patroni may be slow to answer while its server starts, so a new fence has more patience.
_FIRST_PATIENCE = 3

Ask = Callable[[str], tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long Patroni may be silent, and how long a primary may not see etcd, in seconds.

    Patroni asks etcd every `loop_s` seconds.
    """

    silence_s: float
    blindness_s: float
    loop_s: float

    @property
    def doubt_s(self) -> float:
        """How long a primary must look blind; after a step of the clock, one loop tells better."""
        return self.loop_s + _ANSWER_WITHIN_S


class Fence:
    """What a fence remembers between two looks."""

    def __init__(self, folder: Path, patience: Patience, ask: Ask) -> None:
        self._folder = folder
        self._patience = patience
        self._ask = ask
        self._alive_s: float | None = None
        self._blind_from_s: float | None = None
        self._looks = 0
        self._is_answered = True

    @property
    def pause_s(self) -> float:
        """How long to wait before the next look, in seconds."""
        is_calm = self._is_answered and self._blind_from_s is None
        return _LOOK_S if is_calm else _LOOK_AGAIN_S

    def look(self, now_s: float, clock_s: float) -> str:
        """Look once, at a monotonic and a Unix time; returns why Postgres was killed, or ""."""
        self._looks += 1
        if self._looks == 1 and _server_of(self._folder):
            # It may have been promoted, and its Patroni frozen, before this fence began.
            self._alive_s = now_s + (_FIRST_PATIENCE - 1) * self._patience.silence_s
        why = self._reason(now_s, clock_s)
        if not why or not kill_server(self._folder):
            return ""
        # The next silence counts from a new answer, because Patroni starts the server again.
        self._alive_s = self._blind_from_s = None
        return why

    def _reason(self, now_s: float, clock_s: float) -> str:
        self._is_answered = False
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            status, _body = self._ask("/liveness")
            if status == _OK:
                self._is_answered = True
                self._alive_s = now_s
                if self._blind_from_s is None and self._looks % _LOOKS_A_STATUS:
                    return ""
                return self._lasting_blindness(now_s, clock_s)
        if self._alive_s is None:  # Its server began after this fence, so it has promoted nothing.
            return ""
        silent_s = now_s - self._alive_s
        return f"Patroni silent for {silent_s:.1f} s" if silent_s > self._patience.silence_s else ""

    def _lasting_blindness(self, now_s: float, clock_s: float) -> str:
        """Return why a primary must end that has looked blind before, too.

        Patroni tells a time of the wall clock. A step of that clock makes every primary look blind
        until Patroni has asked etcd again.
        """
        why = self._blindness(clock_s)
        if not why:
            self._blind_from_s = None
            return ""
        if self._blind_from_s is None:
            self._blind_from_s = now_s
        return why if now_s - self._blind_from_s >= self._patience.doubt_s else ""

    def _blindness(self, clock_s: float) -> str:
        """Return why a primary without etcd must end; in failsafe mode all members agreed to it."""
        _status, said = self._ask("/patroni")
        seen_s = said.get("dcs_last_seen", 0)
        if not isinstance(seen_s, int | float):
            return ""
        is_primary = said.get("role") in {"primary", "master"}
        if not is_primary or not seen_s or said.get("failsafe_mode_is_active"):
            return ""
        blind_s = clock_s - seen_s
        return f"etcd not seen for {blind_s:.1f} s" if blind_s > self._patience.blindness_s else ""


def kill_server(folder: Path) -> bool:
    """Kill the server of a data folder with all its children; returns whether one ran.

    A server that is stopping takes no more writes, so it may end by itself.
    """
    pid = _server_of(folder)
    if not pid:
        return False
    # The server first, so that it starts no more children; a frozen child would outlive it.
    for victim in (pid, *(child for child in _pids() if _works_in(child, folder))):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(victim, signal.SIGKILL)
    return True


def _server_of(folder: Path) -> int:
    """Return the server of a data folder; 0 if none runs, or if it is stopping by itself."""
    lines = _lines_of(folder / "postmaster.pid")
    if not lines or (len(lines) > _STATE_LINE and lines[_STATE_LINE].strip() == "stopping"):
        return 0
    pid = int(lines[0]) if lines[0].strip().isdigit() else 0
    return pid if _works_in(pid, folder) else 0


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


def _watch(folder: Path, patience: Patience, ask: Ask) -> None:
    fence = Fence(folder, patience, ask)
    while True:
        try:
            why = fence.look(time.monotonic(), time.time())
        except Exception:  # A fence that ends forgets when its servers' Patronis answered last.
            traceback.print_exc()
            why = ""
        if why:
            _say(folder, why)
        time.sleep(fence.pause_s)


def _say(folder: Path, why: str) -> None:
    event = {"event": "postgres_fenced", "folder": str(folder), "reason": why}
    # Nobody may read it any more. One call for a line, because the threads share the file.
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"{json.dumps(event)}\n".encode())


def _endpoint_and_folder(text: str) -> tuple[str, Path]:
    endpoint, _equals, folder = text.partition("=")
    return endpoint, Path(folder)


def main() -> None:
    """Look at each server until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("silence_s", type=float)
    parser.add_argument("blindness_s", type=float)
    parser.add_argument("loop_s", type=float)
    parser.add_argument("ca_file")
    parser.add_argument("servers", nargs="+", type=_endpoint_and_folder, metavar="ADDRESS=FOLDER")
    given = parser.parse_args()
    patience = Patience(given.silence_s, given.blindness_s, given.loop_s)
    for endpoint, folder in given.servers:
        ask = asking(endpoint, given.ca_file)
        threading.Thread(target=_watch, args=(folder, patience, ask)).start()


if __name__ == "__main__":
    main()

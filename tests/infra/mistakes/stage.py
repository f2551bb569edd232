"""A suite in its own run folder, which is reset to the same state before each situation."""

import contextlib
import hashlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.run_folder import MARK, REPOSITORY
from tests.infra.mistakes.mirror import mirror
from tests.infra.mistakes.people import Person, journey, make_people, rows_digest
from tests.suite import Suite

COMMAND_S = 300
# A parent may start another process meanwhile. Postgres gets some seconds to end in its own way.
END_ROUNDS, END_S = 3, 4.0
_PROGRESS = re.compile(r"^ *\d+\.\d s  ")
_SAID_CHARS_MAX = 420
_PASSING_WORDS = ("curl", "make status", "Sign up", '"', "Files", "waiting for", "configuration, ")


@dataclass
class Record:
    """The record of one situation."""

    name: str
    done: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    rows_before: str = ""
    rows_after: str = "not started"
    journey_after: str = "not started"
    faults: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    begun_s: float = field(default_factory=time.time)

    @property
    def verdict(self) -> str:
        """The faults, or `well` without any."""
        return "; ".join(self.faults) or "well"


class Stage:
    """Resets the run folder, acts on it as an operator would, and keeps a record."""

    def __init__(self, folder: Path, network: str, *, has_people: bool = True) -> None:
        self.folder, self.network, self.has_people = folder, network, has_people
        self._kept = folder.with_name(folder.name + "-kept")
        self._notes = folder.with_name(folder.name + "-kept.json")
        self.people: list[Person] = []
        self.rows = ""
        self.record = Record("")
        self.topology: Path | None = None
        self.code = REPOSITORY
        self.under: tuple[str, ...] = ()  # the program that runs commands, such as faketime
        self.extra: dict[str, str] = {}  # additions to the usual environment

        self._is_sound = False

    async def set_up(self) -> None:
        """Create the suite with its people once, stop it cleanly, and keep a copy.

        A copy that an earlier run kept is used again unless the migrations have changed since.
        """
        notes = self._kept_notes()
        if notes:
            self.people = [Person(**person) for person in notes["people"]]
            self.rows = notes["rows"]
            return
        self.clear()
        if self.has_people:
            await self._fill()
        else:
            self._require("up", "--data-only")
        self._require("down")
        mirror(self.folder, self._kept)
        notes = {
            "people": [asdict(person) for person in self.people],
            "rows": self.rows,
            "migrations": _migrations(),
        }
        self._notes.write_text(json.dumps(notes), encoding="utf-8")

    def _kept_notes(self) -> dict[str, Any] | None:
        if not self._notes.exists():
            return None
        notes: dict[str, Any] = json.loads(self._notes.read_text(encoding="utf-8"))
        return notes if notes.get("migrations") == _migrations() else None

    async def _fill(self) -> None:
        self._require("up")
        suite = self.suite()
        self.people = await make_people(suite)
        digest, count = await rows_digest(suite)
        self.rows = f"{digest} ({count} rows)"
        assert not await journey(suite, self.people)

    def _require(self, *arguments: str) -> None:
        done = self.infra(*arguments)
        assert not done.returncode, done.stdout

    def begin(self, name: str, *, running: bool = False) -> Record:
        """Reset everything to the state after `set_up`; the suite is down, or `running`.

        A running suite stays if the previous situation has left it unchanged.
        """
        self.topology, self.code, self.under, self.extra = None, REPOSITORY, (), {}
        if not (running and self._is_sound):
            self._end_all()
            mirror(self._kept, self.folder)
        self._is_sound = False
        self.record = Record(name, rows_before=self.rows)
        if running:
            self._require("up")
        return self.record

    def end(self, *, running: bool = False) -> None:
        """Note whether a situation with a `running` suite has left the suite unchanged."""
        self._is_sound = running and not self.record.faults and self.record.rows_after == self.rows

    def pids(self) -> list[int]:
        """Return the processes with this suite's mark in their environment."""
        mark = f"{MARK}={self.folder.resolve()}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def _end_all(self) -> None:
        """Kill everything, faster than `make down`; Postgres may still free its shared memory."""
        supervisor = self.folder / "supervisor.pid"
        with contextlib.suppress(OSError, ValueError):
            pid = int(supervisor.read_text(encoding="ascii"))
            if pid in self.pids():
                os.kill(pid, signal.SIGKILL)
        for _ in range(END_ROUNDS):
            for pid in self.pids():
                _end(pid, signal.SIGQUIT if _is_postgres(pid) else signal.SIGKILL)
        for pid in self.pids():
            _end(pid, signal.SIGKILL)

    def clear(self) -> None:
        """Stop the suite and delete the stage's files."""
        if self.folder.exists():
            self.infra("down")
        for folder in (self.folder, self._kept):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self._notes, self.folder.with_name(self.folder.name + "-redrawn.toml")):
            file.unlink(missing_ok=True)

    def suite(self) -> Suite:
        """Return the running suite for tests to examine."""
        return Suite(self.folder, self.network)

    def path(self, name: str) -> Path:
        """Return the data folder of a server such as `users-a`, else a path in the run folder."""
        server = self.folder / "data" / "postgres" / name
        return server if server.exists() or name.endswith("-replica") else self.folder / name

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of an infra command for this suite."""
        if self.topology is None:
            return [*self.under, sys.executable, "-m", "infra", *arguments]
        module = "tests.infra.mistakes.with_topology"
        return [*self.under, sys.executable, "-m", module, str(self.topology), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment of an operator's shell that selects this suite."""
        return {
            **os.environ,
            "RETRATO_NET": self.network,
            "RETRATO_RUN_DIR": str(self.folder),
            "RETRATO_LIMITS": "loose",
            **self.extra,
        }

    def infra(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `stdout` has all its output."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.code,
            env=self.environment(),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S,
        )

    def begun(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command in its own process group, as a terminal does."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.code,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def did(self, what: str) -> None:
        """Record what was done."""
        self.record.done.append(what)

    def says(self, arguments: Sequence[str], *, status: int, words: Sequence[str]) -> str:
        """Run a command, and record a fault if its exit status or output is not as expected."""
        began_s = time.monotonic()
        done = self.infra(*arguments)
        took_s = time.monotonic() - began_s
        self.did(f"`make {' '.join(arguments)}` → {done.returncode} after {took_s:.0f} s")
        text = done.stdout
        self.record.said.append(_gist(self._short(text)))
        if done.returncode != status:
            self.record.faults.append(f"{arguments[0]} ended with {done.returncode}: {text[-300:]}")
        self.record.faults += [f"not said: {word}" for word in words if word not in text]
        if "Traceback" in text:
            self.record.faults.append(f"a traceback: {text[-600:]}")
        return text

    def _short(self, text: str) -> str:
        """Remove this machine's paths from a text."""
        return text.replace(f"{self.folder}/", "").replace(str(self.folder), "the run folder")

    def refuses(self, *words: str) -> None:
        """Record a fault unless `make up` refuses with these words and changes no data."""
        before = self.mark()
        self.says(["up"], status=1, words=["Nothing was", *words])
        if self.mark() != before:
            self.record.faults.append("a refused start changed the data")

    async def comes_up(self, *arguments: str, same: bool = True) -> None:
        """Record a fault unless `make up` succeeds and, with `same`, nothing is lost."""
        text = self.says(["up", *arguments], status=0, words=[])
        if "everything answers" not in text and "it is up already" not in text:
            self.record.faults.append("it does not say that everything answers")
        await self.look(same=same)

    async def look(self, *, same: bool = True) -> None:
        """Record the digest of rows and everybody's journey; with `same`, changes are faults."""
        suite = self.suite()
        digest, count = await rows_digest(suite)
        self.record.rows_after = f"{digest} ({count} rows)"
        obstacles = await journey(suite, self.people)
        well = len(self.people) - len(obstacles)
        self.record.journey_after = f"{well} of {len(self.people)}"
        if same and self.record.rows_after != self.rows:
            self.record.faults.append("rows differ")
        if same and well != len(self.people):
            self.record.faults.append(f"only {well} people can go on: {obstacles[0]}")

    def mark(self) -> str:
        """Return a digest of the names, sizes and times of all data files and of some keys."""
        lines = []
        for root, _folders, files in os.walk(self.folder / "data"):
            for name in files:
                stat = os.stat(os.path.join(root, name))  # noqa: PTH116, PTH118 - thousands of them
                lines.append(f"{root}/{name} {stat.st_size} {stat.st_mtime_ns}")
        for name in ("secrets.json", "pki/ca.crt", "ledger.json"):
            file = self.folder / name
            lines.append(f"{name} {file.stat().st_mtime_ns if file.exists() else 'none'}")
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

    def ledger(self) -> dict[str, object]:
        """Return the ledger of the run folder."""
        return dict(json.loads((self.folder / "ledger.json").read_text(encoding="utf-8")))


def _is_postgres(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").startswith("postgres")
    return False


def _end(pid: int, number: signal.Signals) -> None:
    """Signal a process, and wait until it has ended, at most END_S."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(handle, number)
            select.select([handle], [], [], END_S)
        finally:
            os.close(handle)


def _gist(text: str) -> str:
    """Shorten a command's output to what an operator would remember."""
    lines = [_PROGRESS.sub("", line).strip() for line in text.splitlines()]
    kept = [line for line in lines if line and " answers at " not in line and "://" not in line]
    kept = [line for line in kept if not line.startswith(_PASSING_WORDS)]
    said = " / ".join(kept)
    return said if len(said) <= _SAID_CHARS_MAX else said[:_SAID_CHARS_MAX] + " …"


def _migrations() -> list[str]:
    """Return the names of this code's migrations, which a kept copy must have."""
    files = REPOSITORY.glob("services/*/migrations/*.sql")
    return sorted(str(file.relative_to(REPOSITORY)) for file in files)

"""The table of processes: address, state, memory, start time and version."""

import asyncio
import contextlib
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.control.health import ASKED_AT_ONCE, is_healthy, version_of
from infra.control.replaced_programs import runs_a_replaced_file
from infra.control.supervisor import ProcessState, Supervisor
from infra.process import Process
from infra.processes import processes_of
from infra.suite import Suite

# The first answer of many is late on a machine that has just started, or is busy: this command
# itself still imports and opens what it needs. So silence is said only of two questions.
_ASKED_TIMES = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; `since` is Unix time."""

    process: Process
    state: str
    memory_bytes: int
    since: int
    version: str = ""  # of our own code
    # Whether an installation has replaced the program since the process started.
    has_old_program: bool = False

    @property
    def is_well(self) -> bool:
        """Whether it runs and answers."""
        return self.state == "answers"


async def rows_of(suite: Suite) -> list[Row]:
    """Check all processes, a few at once: each has its time to answer although this one is busy."""
    supervisor = Supervisor(suite.folder)
    states = supervisor.states() if supervisor.is_running() else {}
    # Who waits for a second time stands behind all others.
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def answers(process: Process) -> bool:
        for _ in range(_ASKED_TIMES):
            async with places:
                if await is_healthy(suite, process):
                    return True
        return False

    async def check(process: Process) -> tuple[bool, str]:
        if not _runs(states.get(process.name)):
            return False, ""
        said = await answers(process)
        async with places:
            return said, await version_of(suite, process)

    processes = processes_of(suite)
    checked = await asyncio.gather(*map(check, processes))
    # To read the memory takes milliseconds for each process, during which no check would go on.
    children = _children_by_parent()
    return [
        _row(process, states.get(process.name), answers, version, children)
        for process, (answers, version) in zip(processes, checked, strict=True)
    ]


def print_table(rows: list[Row]) -> None:
    """Print the table, with colours only on a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("process", "address", "state"):
        table.add_column(title, no_wrap=True)
    table.add_column("memory", justify="right", no_wrap=True)
    for title in ("since (UTC)", "version"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        colour = "green" if row.is_well else "red"
        table.add_row(
            row.process.name,
            row.process.endpoint,
            f"[{colour}]{row.state}[/]",
            f"{row.memory_bytes / 1e6:.0f} MB" if row.memory_bytes else "",
            _since(row.since) if row.since else "",
            row.version,
        )
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    console.print(table)
    well = sum(row.is_well for row in rows)
    memory_bytes = sum(row.memory_bytes for row in rows)
    console.print(f"\n{well} of {len(rows)} answer; {memory_bytes / 1e6:.0f} MB in all")


def memory_by_pid(pids: Iterable[int]) -> dict[int, int]:
    """Return the bytes of memory of each process with its children."""
    children = _children_by_parent()
    return {pid: sum(_memory_bytes(one) for one in _tree(pid, children)) for pid in pids}


def _runs(state: ProcessState | None) -> bool:
    return state is not None and bool(state.pid)


def _row(
    process: Process,
    state: ProcessState | None,
    answers: bool,
    version: str,
    children: dict[int, list[int]],
) -> Row:
    if state is None or not state.pid:
        said = state.state.lower() if state else "stopped"
        return Row(process, said, 0, state.since if state else 0)
    pids = list(_tree(state.pid, children))
    return Row(
        process,
        "answers" if answers else "silent",
        sum(map(_memory_bytes, pids)),
        state.since,
        version,
        any(map(runs_a_replaced_file, pids)),
    )


def _since(moment_s: int) -> str:
    started = dt.datetime.fromtimestamp(moment_s, dt.UTC)
    ago = dt.timedelta(seconds=int(time.time() - moment_s))
    return f"{started:%Y-%m-%d %H:%M:%S} ({ago})"


def _children_by_parent() -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            children[int(fields[1])].append(int(file.parent.name))
    return children


def _tree(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _tree(child, children)


def _memory_bytes(pid: int) -> int:
    """Return the proportional set size, which counts shared pages once; 0 for an ended process."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0

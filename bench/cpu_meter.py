"""Reads the CPU time of the suite's processes from /proc, by kind and with children."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.suite import Suite

IDLE_SLICES, IDLE_SLICE_S = 6, 2.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(suite: Suite) -> Mapping[str, float]:
    """Return the CPU seconds that each kind of process has used so far.

    Kinds are the services, workers such as "feed worker", "postgres", "redis", "nginx", "dns",
    "store", and "supervisor", which writes all log files.
    """
    children = _children()
    spent: dict[str, float] = defaultdict(float)
    for process in suite.processes():
        pid = suite.pid(process.name)
        if pid:
            kind = process.kind if process.kind != "service" else process.service
            kind += " worker" if "worker" in process.name else ""
            spent[kind] += sum(_seconds(one) for one in _tree(pid, children))
    supervisor = int((suite.run_dir / "supervisor.pid").read_text(encoding="ascii"))
    spent["supervisor"] = process_cpu_seconds(supervisor)
    return spent


def spent_between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the CPU seconds by kind between two readings, largest first, without zeros."""
    spent = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
    return dict(sorted(((k, s) for k, s in spent.items() if s > 0), key=lambda one: -one[1]))


async def idle_rates(suite: Suite) -> Mapping[str, float]:
    """Return the CPU seconds per second that each kind uses without requests.

    These are health checks, workers' timers, replication and metrics. At a low request rate they
    would add more to each request's cost, so they are subtracted.
    """
    slices = []
    for _ in range(IDLE_SLICES):
        before = cpu_seconds(suite)
        await asyncio.sleep(IDLE_SLICE_S)
        slices.append(spent_between(before, cpu_seconds(suite)))
    return calm_rates(slices, IDLE_SLICE_S)


def calm_rates(slices: Sequence[Mapping[str, float]], slice_s: float) -> dict[str, float]:
    """Average the calmer half of the slices; earlier work may still run in the others."""
    calmer = sorted(slices, key=lambda spent: sum(spent.values()))[: len(slices) // 2]
    kinds = {kind for spent in calmer for kind in spent}
    seconds = len(calmer) * slice_s
    return {kind: sum(spent.get(kind, 0.0) for spent in calmer) / seconds for kind in kinds}


def without_idle(
    spent: Mapping[str, float], idle: Mapping[str, float], seconds: float
) -> dict[str, float]:
    """Subtract the idle use of `seconds` from CPU seconds by kind, largest first."""
    left = {kind: s - idle.get(kind, 0.0) * seconds for kind, s in spent.items()}
    return dict(sorted(((k, s) for k, s in left.items() if s > 0), key=lambda one: -one[1]))


def process_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of one process without its children."""
    return sum(map(int, _stat(pid)[11:13])) * _TICK_S


def process_trees(pids: Sequence[int]) -> list[int]:
    """Return processes and all their descendants, each tree with its parents first."""
    children = _children()
    return [one for pid in pids for one in _tree(pid, children)]


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            children[int(fields[1])].append(int(folder.name))
    return children


def _tree(pid: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _tree(child, children)


def _seconds(pid: int) -> float:
    # The process's own time, and that of ended children, such as Postgres backends.
    return sum(map(int, _stat(pid)[11:15])) * _TICK_S


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; empty once the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()

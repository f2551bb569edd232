"""Processor time of the suite's processes by kind, children included, as /proc tells it."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.suite import Suite

IDLE_SLICES, IDLE_SLICE_S = 6, 2.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(suite: Suite) -> Mapping[str, float]:
    """Seconds that each kind of process has used so far; a difference of two is what a run cost.

    Kinds are the services, "feed worker" and its like, "postgres", "redis", "nginx", "dns",
    "store", and "supervisor", which writes the lines of all into files.
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
    """Seconds by kind, the most first; kinds that did nothing are left out."""
    spent = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
    return dict(sorted(((k, s) for k, s in spent.items() if s > 0), key=lambda one: -one[1]))


async def idle_rates(suite: Suite) -> Mapping[str, float]:
    """Seconds a second that each kind uses while nobody asks for anything.

    Health checks, clocks of workers, replication and metrics: they would run without the requests
    too, and at a low rate they would weigh more in each.
    """
    slices = []
    for _ in range(IDLE_SLICES):
        before = cpu_seconds(suite)
        await asyncio.sleep(IDLE_SLICE_S)
        slices.append(spent_between(before, cpu_seconds(suite)))
    return calm_rates(slices, IDLE_SLICE_S)


def calm_rates(slices: Sequence[Mapping[str, float]], slice_s: float) -> dict[str, float]:
    """Of the calmer half: in the others, what was done before may still have been under way."""
    calmer = sorted(slices, key=lambda spent: sum(spent.values()))[: len(slices) // 2]
    kinds = {kind for spent in calmer for kind in spent}
    seconds = len(calmer) * slice_s
    return {kind: sum(spent.get(kind, 0.0) for spent in calmer) / seconds for kind in kinds}


def without_idle(
    spent: Mapping[str, float], idle: Mapping[str, float], seconds: float
) -> dict[str, float]:
    """What is left of seconds by kind, the most first, without what `seconds` of idling take."""
    left = {kind: s - idle.get(kind, 0.0) * seconds for kind, s in spent.items()}
    return dict(sorted(((k, s) for k, s in left.items() if s > 0), key=lambda one: -one[1]))


def process_cpu_seconds(pid: int) -> float:
    """Of one process without its children."""
    return sum(map(int, _stat(pid)[11:13])) * _TICK_S


def process_tree(pid: int) -> list[int]:
    """A process and all that descend from it, parents first."""
    return list(_tree(pid, _children()))


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
    # Own time, and that of children which have ended and been waited for: backends of Postgres.
    return sum(map(int, _stat(pid)[11:15])) * _TICK_S


def _stat(pid: int) -> list[str]:
    """From the state on; empty once the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()

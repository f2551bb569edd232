"""Reads from the kernel how busy the machine and each process are."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Places in /proc/<pid>/stat behind the command's name.
_STATE, _PARENT, _USER, _SYSTEM = 0, 1, 11, 12
# A process that SIGSTOP or a debugger halted.
_HALTED = {"T", "t"}
# Places in the first line of /proc/stat, of which each is a sum over all processors.
_IDLE, _WAITING, _STOLEN = 3, 4, 7


@dataclass(frozen=True, slots=True)
class Use:
    """What a process and its children have used since they started."""

    processor_s: float
    is_halted: bool


def uses_of(pids: Mapping[str, int]) -> dict[str, Use]:
    """Return the use of each process that exists; costs a read of every process's status."""
    stats, children = {}, defaultdict(list)
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and (fields := _stat(entry.name)):
            pid = int(entry.name)
            stats[pid] = fields
            children[int(fields[_PARENT])].append(pid)
    return {
        name: Use(
            sum(_processor_s(stats[one]) for one in _tree(pid, children)),
            stats[pid][_STATE] in _HALTED,
        )
        for name, pid in pids.items()
        if pid in stats
    }


def memory_of(pids: Mapping[str, int]) -> dict[str, int]:
    """Return the resident bytes of each process and its children; shared pages count once."""
    return {name: _memory_bytes(pid) for name, pid in pids.items()}


def processor_seconds() -> dict[str, float]:
    """Return the seconds of all processors since the machine's start: busy, idle and stolen."""
    line = (_PROC / "stat").read_text(encoding="ascii").partition("\n")[0]
    values = [int(word) / _TICKS for word in line.split()[1:9]]
    idle, stolen = values[_IDLE] + values[_WAITING], values[_STOLEN]
    return {"busy": sum(values) - idle - stolen, "idle": idle, "stolen": stolen}


def _stat(pid: str) -> list[str]:
    with contextlib.suppress(OSError):
        text = (_PROC / pid / "stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()
    return []


def _processor_s(fields: list[str]) -> float:
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS


def _tree(pid: int, children: Mapping[int, list[int]]) -> Iterable[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _tree(child, children)


def _memory_bytes(pid: int) -> int:
    resident, shared = _pages(pid)
    own = resident
    for child in _children(pid):
        child_resident, child_shared = _pages(child)
        own += max(0, child_resident - child_shared)
        shared = max(shared, child_shared)
    return max(own, shared) * _PAGE_BYTES


def _pages(pid: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        words = (_PROC / str(pid) / "statm").read_text(encoding="ascii").split()
        return int(words[1]), int(words[2])
    return 0, 0


def _children(pid: int) -> Iterable[int]:
    with contextlib.suppress(OSError):
        words = (_PROC / f"{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for child in map(int, words):
            yield child
            yield from _children(child)

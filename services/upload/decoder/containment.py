"""The walls: those of the decoder as a whole, put up once, and those of each child."""

import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from typing import Any

from services.upload.decoder import landlock, limits
from services.upload.decoder.syscall_filter import build_filter
from services.upload.decoder.wire import Containment

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ChildWalls:
    """What the warm parent prepared, so that a child only has to step behind it."""

    ruleset: int | None
    syscall_filter: Any
    syscall_filter_with_threads: Any


def contain_decoder() -> tuple[ChildWalls, Containment]:
    """Gives up network, privileges and identity; returns what each child will add to that."""
    standing = Containment.RESOURCE_LIMITS
    if _leave_the_network():
        standing |= Containment.OWN_NETWORK
    if _become_nobody():
        standing |= Containment.NOBODY
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        standing |= Containment.NO_NEW_PRIVILEGES
    # Nobody may read this process's memory, and it leaves no core file.
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    walls = ChildWalls(
        landlock.create_deny_all_ruleset(),
        build_filter(with_threads=False),
        build_filter(with_threads=True),
    )
    if walls.ruleset is not None:
        standing |= Containment.LANDLOCK
    if walls.syscall_filter is not None:
        standing |= Containment.SECCOMP
    return walls, standing


def contain_child(walls: ChildWalls, *, with_threads: bool, cpu_seconds_max: int) -> None:
    """Steps behind the walls for ever; called in the child before it sees a byte of the picture."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _limit_resources(with_threads=with_threads, cpu_seconds_max=cpu_seconds_max)
    if walls.ruleset is not None:
        landlock.restrict_self(walls.ruleset)
    syscall_filter = walls.syscall_filter_with_threads if with_threads else walls.syscall_filter
    if syscall_filter is not None:
        syscall_filter.load()


def _leave_the_network() -> bool:
    # An ordinary user may make a network of its own only inside a user namespace of its own.
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    return bool(_libc.unshare(flags) == 0)


def _become_nobody() -> bool:
    if os.geteuid() != 0:
        return False
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    return True


def _limit_resources(*, with_threads: bool, cpu_seconds_max: int) -> None:
    _set_limit(resource.RLIMIT_AS, limits.CHILD_MEMORY_BYTES_MAX)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds_max, cpu_seconds_max + 1))
    _set_limit(resource.RLIMIT_NOFILE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    _set_limit(resource.RLIMIT_CORE, 0)
    if not with_threads:
        # It counts all processes of the user: with threads, memory and the filter are the bound.
        _set_limit(resource.RLIMIT_NPROC, 0)


def _set_limit(which: int, most: int) -> None:
    resource.setrlimit(which, (most, most))

"""The walls around the decoder, built once, and around each child."""

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
_CAPABILITY_VERSION = 0x20080522  # of structures with 64 bits for each set
_NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ChildWalls:
    """Walls that the warm parent has prepared, so that a child only applies them."""

    ruleset: int | None
    syscall_filter: Any
    syscall_filter_with_threads: Any


def contain_decoder() -> tuple[ChildWalls, Containment]:
    """Give up network, privileges and identity; return the children's walls and what holds."""
    standing = Containment.RESOURCE_LIMITS
    if _leave_the_network():
        standing |= Containment.OWN_NETWORK
    if _become_nobody():
        standing |= Containment.NOBODY
    _give_up_capabilities()
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        standing |= Containment.NO_NEW_PRIVILEGES
    # No process may read this one's memory, and it leaves no core file.
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
    """Apply the walls for good; runs in the child before it reads a byte of the picture."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _limit_resources(with_threads=with_threads, cpu_seconds_max=cpu_seconds_max)
    if walls.ruleset is not None:
        landlock.restrict_self(walls.ruleset)
    syscall_filter = walls.syscall_filter_with_threads if with_threads else walls.syscall_filter
    if syscall_filter is not None:
        syscall_filter.load()


def _leave_the_network() -> bool:
    # An ordinary user may create a network namespace only inside a user namespace of its own.
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    return bool(_libc.unshare(flags) == 0)


def _become_nobody() -> bool:
    if os.geteuid() != 0:
        return False
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    return True


def _give_up_capabilities() -> None:
    """Drop the capabilities that a process has inside its new user namespace."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "The capabilities cannot be given up")


def _limit_resources(*, with_threads: bool, cpu_seconds_max: int) -> None:
    _set_limit(resource.RLIMIT_AS, limits.CHILD_MEMORY_BYTES_MAX)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds_max, cpu_seconds_max + 1))
    _set_limit(resource.RLIMIT_NOFILE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    _set_limit(resource.RLIMIT_CORE, 0)
    if not with_threads:
        # The limit counts all processes of the user. With threads, memory and the filter are the
        # bound.
        _set_limit(resource.RLIMIT_NPROC, 0)


def _set_limit(which: int, most: int) -> None:
    resource.setrlimit(which, (most, most))

"""The system calls that computing on memory needs; seccomp denies all others."""

import errno
import mmap
from typing import Any

try:
    import pyseccomp  # type: ignore[import-untyped, import-not-found, unused-ignore]
except (ImportError, RuntimeError, OSError):  # the package, or the C library under it, is missing
    pyseccomp = None

_MEMORY = ("brk", "munmap", "mremap", "madvise")
_ANSWER = ("write",)
_WAITING = ("futex", "clock_gettime", "clock_nanosleep", "sched_yield", "restart_syscall")
_ITSELF = ("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getpid", "gettid", "getrandom")
_MACHINE = ("sched_getaffinity", "sysinfo", "getrusage")
_END = ("exit", "exit_group")
ALLOWED = (*_MEMORY, *_ANSWER, *_WAITING, *_ITSELF, *_MACHINE, *_END)

# Memory may be mapped, but never executable.
_ALLOWED_WITHOUT_EXECUTION = ("mmap", "mprotect")
_PROTECTION_ARGUMENT = 2

# The HEVC decoder always starts a worker thread, even for a single picture.
_THREAD_BOOKKEEPING = ("set_robust_list", "rseq")
_CLONE_VM = 0x00000100
_CLONE_SIGHAND = 0x00000800
_CLONE_THREAD = 0x00010000
_OF_A_THREAD = _CLONE_VM | _CLONE_SIGHAND | _CLONE_THREAD


def build_filter(*, with_threads: bool) -> Any:
    """A filter ready to load in a child; None if libseccomp is missing.

    A denied call fails with EPERM rather than killing the child: a codec that reads /proc/cpuinfo
    then continues without it. New processes are denied in either case.
    """
    if pyseccomp is None:
        return None
    syscall_filter = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in ALLOWED:
        syscall_filter.add_rule(pyseccomp.ALLOW, name)
    for name in _ALLOWED_WITHOUT_EXECUTION:
        not_executable = pyseccomp.Arg(_PROTECTION_ARGUMENT, pyseccomp.MASKED_EQ, mmap.PROT_EXEC, 0)
        syscall_filter.add_rule(pyseccomp.ALLOW, name, not_executable)
    if with_threads:
        _allow_threads(syscall_filter)
    return syscall_filter


def _allow_threads(syscall_filter: Any) -> None:
    for name in _THREAD_BOOKKEEPING:
        syscall_filter.add_rule(pyseccomp.ALLOW, name)
    only_a_thread = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _OF_A_THREAD, _OF_A_THREAD)
    syscall_filter.add_rule(pyseccomp.ALLOW, "clone", only_a_thread)
    # Its flags lie in memory, which a filter cannot read; on ENOSYS the C library uses clone.
    syscall_filter.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")

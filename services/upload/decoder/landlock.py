"""Landlock: the kernel denies a process all files, TCP ports and signals; see landlock(7)."""

import ctypes
import errno
import os

_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_VERSION_FLAG = 1

_FIRST_ABI_WITH_NETWORK = 4
_FIRST_ABI_WITH_SCOPES = 6
_ALL_NETWORK_RIGHTS = 0b11
_ALL_SCOPES = 0b11
# Number of file rights that each ABI version knows; later versions know the newest.
_FILE_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_NEWEST = 16

_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def create_deny_all_ruleset() -> int | None:
    """A descriptor of a ruleset that allows nothing; None if the kernel lacks Landlock."""
    abi = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if abi < 1:
        return None
    attributes = _RulesetAttributes()
    attributes.handled_access_fs = (1 << _FILE_RIGHTS_BY_ABI.get(abi, _FILE_RIGHTS_NEWEST)) - 1
    size = 8
    if abi >= _FIRST_ABI_WITH_NETWORK:
        attributes.handled_access_net = _ALL_NETWORK_RIGHTS
        size = 16
    if abi >= _FIRST_ABI_WITH_SCOPES:
        attributes.scoped = _ALL_SCOPES
        size = 24
    ruleset = _libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    return ruleset if ruleset >= 0 else None


def restrict_self(ruleset: int) -> None:
    """Apply the ruleset to the calling process for good; requires no_new_privs."""
    if _libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, os.strerror(number))

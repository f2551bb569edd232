"""The accounts of the machine as which the parts of a suite run.

As root, each part has an account of its own, which is made when it is first needed. Suites of one
machine share these accounts. Without root, everything runs as the present user.
"""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Debian's accounts for these programs. All Postgres have one, because a promotion moves a folder
# from one to another, and pgBackRest reads all of them. A fence kills a Postgres.
_DEBIANS = {"postgres": "postgres", "fence": "postgres", "dns": "pdns", "nginx": "www-data"}
# The supervisor and nginx's master switch to other accounts; the keeper reads all secrets, to seal
# them, and runs pgBackRest as postgres; the caretaker signs with the authority's key.
_STAYS_ROOT = frozenset({"supervisor", "nginx-master", "backup-keeper", "caretaker"})
_ROOT = "root"
_PREFIX = "retrato-"
_MAKE = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir=/nonexistent")
_NO_SHELL = "--shell=/usr/sbin/nologin"
# Another command may hold the lock of the list of accounts.
_TRIES = 20
_TRY_AGAIN_S = 0.25
# The number of an account of another machine, which only that one knows.
UNKNOWN = -1
_of_another_machine: ContextVar[bool] = ContextVar("of_another_machine", default=False)


class AccountMissing(Exception):
    """An account cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine; `switch` is False if we already are that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    def own(self, path: Path, mode: int) -> None:
        """Give a file or folder to this user, with this mode; raises OSError for a link.

        The folder may be another account's, which could have put a link to a file of root there.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            self.own_open(descriptor, mode)
        finally:
            os.close(descriptor)

    def own_open(self, descriptor: int, mode: int) -> None:
        """Give an open file or folder to this user, with this mode."""
        # Root takes back what an earlier version gave to an account.
        if os.geteuid() == 0:
            os.fchown(descriptor, self.uid, self.gid)
        os.fchmod(descriptor, mode)

    def own_tree(self, folder: Path, *, mixed: bool = False) -> None:
        """Give a folder and all in it to this user, unless the folder is theirs already.

        The folder itself comes last, so that an interrupted call is done again. With `mixed`,
        others may have written below a folder that is theirs.
        """
        is_done = folder.exists() and folder.stat().st_uid == self.uid and not mixed
        if self.switch and not is_done:
            self.own_made(*folder.rglob("*"), *([folder] if folder.exists() else []))

    def own_made(self, *paths: Path) -> None:
        """Give to this user what root has just made in a tree of theirs, with its modes."""
        if self.switch:
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def command_prefix(self, home: Path) -> list[str]:
        """Return the words that make a command run as this user.

        HOME is set too, because libpq reads client certificates there, and root's home is closed.
        """
        if not self.switch:
            return []
        return [*self.switch_words(), "env", f"HOME={home}"]

    def switch_words(self, *readable: "Account") -> list[str]:
        """Return the words that make a command run as this user, with no way back.

        It may also read what the accounts of `readable` show to their groups.
        """
        groups = ",".join(str(account.gid) for account in readable)
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            f"--groups={groups}" if groups else "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
        ]


def account_for(role: str) -> Account:
    """Return the account of a role in the plan; as root it is made if it is missing.

    Raises AccountMissing.
    """
    if _of_another_machine.get():
        name = name_for(role)
        return Account(name, UNKNOWN, UNKNOWN, switch=name != _ROOT)
    if os.geteuid() != 0 or role in _STAYS_ROOT:
        ours = pwd.getpwuid(os.geteuid())
        return Account(ours.pw_name, ours.pw_uid, ours.pw_gid, switch=False)
    return _account_named(name_for(role))


def name_for(role: str) -> str:
    """Return the name of the account that a role has when root starts the suite."""
    return _ROOT if role in _STAYS_ROOT else _DEBIANS.get(role, f"{_PREFIX}{role}")


@contextmanager
def accounts_of_another_machine() -> Iterator[None]:
    """Name accounts inside the block without looking for them, or making them, on this machine."""
    token = _of_another_machine.set(True)
    try:
        yield
    finally:
        _of_another_machine.reset(token)


@cache
def _account_named(name: str) -> Account:
    for attempt in range(_TRIES):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            if attempt:
                time.sleep(_TRY_AGAIN_S)
            done = subprocess.run(
                [*_MAKE, _NO_SHELL, name], check=False, capture_output=True, text=True, timeout=30
            )
        else:
            return Account(found.pw_name, found.pw_uid, found.pw_gid, switch=True)
    raise AccountMissing(f"The account {name} cannot be made: {done.stderr.strip()}")

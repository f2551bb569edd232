"""The user of the machine as which each kind of program runs."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

# Debian's users for these programs. Without root, everything runs as the present user.
_USER_OF_KIND = {"postgres": "postgres", "redis": "redis", "dns": "pdns", "nginx": "www-data"}


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine; `switch` is False if we already are that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    def own(self, path: Path, mode: int) -> None:
        """Give a file or folder to this user, with this mode."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def command_prefix(self, home: Path) -> list[str]:
        """Return the words that make a command run as this user.

        HOME is set too, because libpq reads client certificates there, and root's home is closed.
        """
        if not self.switch:
            return []
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "env",
            f"HOME={home}",
        ]


def account_for(kind: str) -> Account:
    """Return the user for a kind of process: as root Debian's user or nobody, else our own."""
    ours = pwd.getpwuid(os.geteuid())
    wanted = _USER_OF_KIND.get(kind)
    if os.geteuid() != 0 or wanted is None:
        return Account(ours.pw_name, ours.pw_uid, ours.pw_gid, switch=False)
    try:
        found = pwd.getpwnam(wanted)
    except KeyError:
        found = pwd.getpwnam("nobody")
    return Account(found.pw_name, found.pw_uid, found.pw_gid, switch=True)

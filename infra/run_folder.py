"""The one folder of a suite: where its data, logs, keys and rendered files lie."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Every process of a suite carries this variable; by it `make down` knows its own.
MARK = "RETRATO_SUPERVISED_IN"
# Kept aside where the checkout itself is closed to the databases' user.
SYSTEM_FOLDER = Path("/var/lib/retrato")
# A Unix socket's path is a field of 108 bytes; the longest name under the sockets' folder has 24.
SOCKET_FOLDER_CHARS_MAX = 80


class RunFolderClosed(Exception):
    """The users of the databases cannot enter the folder; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The layout of one suite's folder; `root` is absolute and free of symlinks."""

    root: Path

    @property
    def data(self) -> Path:
        """What `make down` keeps and `make reset` deletes."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """One file for each process."""
        return self.root / "log"

    @property
    def etc(self) -> Path:
        """Rendered configuration."""
        return self.root / "etc"

    @property
    def pki(self) -> Path:
        """The internal CA and the certificates that it signed."""
        return self.root / "pki"

    @property
    def cache(self) -> Path:
        """What can be deleted at any time: nginx's temporary files and its photo cache."""
        return self.root / "cache"

    @property
    def secrets_file(self) -> Path:
        """Passwords and keys, made once."""
        return self.root / "secrets.json"

    @property
    def network_file(self) -> Path:
        """The network on which the suite of this folder lives, from its first start."""
        return self.root / "network"

    @property
    def limits_file(self) -> Path:
        """Whether callers' limits are the usual ones, as the last `make up` said."""
        return self.root / "limits"

    @property
    def backups_file(self) -> Path:
        """Whether the suite takes backups, as the last `make up` said."""
        return self.root / "backups-are"

    @property
    def complaints_file(self) -> Path:
        """What the keeper of backups says of them."""
        return self.root / "backups.json"

    @property
    def restored_file(self) -> Path:
        """What is still to be done after a restore; gone when it has been."""
        return self.root / "restored.json"

    @property
    def restoring_file(self) -> Path:
        """There from before a restore puts data aside until all of it is back."""
        return self.root / "restoring"

    @property
    def backups(self) -> Path:
        """What the embedded backup store holds, unless the topology names another folder."""
        return self.root / "backups"

    @property
    def sockets(self) -> Path:
        """Unix sockets; elsewhere when the path of the folder is too long for one."""
        here = self.root / "sockets"
        if len(str(here)) <= SOCKET_FOLDER_CHARS_MAX:
            return here
        return Path(tempfile.gettempdir()) / f"retrato-{os.geteuid()}-{_digest(self.root)}"

    @property
    def locks(self) -> Path:
        """One file for each upkeep command, held by the process that runs it."""
        return self.root / "locks"

    @property
    def supervisor_socket(self) -> Path:
        """Where the supervisor listens for us."""
        return self.sockets / "supervisor.sock"

    @property
    def supervisor_pid_file(self) -> Path:
        """The supervisor's process id."""
        return self.root / "supervisor.pid"

    @property
    def ledger_file(self) -> Path:
        """What the suite holds, by the last look at it."""
        return self.root / "ledger.json"

    @property
    def lock_file(self) -> Path:
        """Held by the one command that changes the suite; says which."""
        return self.root / "lock"

    @property
    def reset_file(self) -> Path:
        """There while a reset is under way, or was interrupted."""
        return self.root / "reset-under-way"

    def shard_map(self, group: str) -> Path:
        """Where each shard of a group lives: state, because shards move, so never overwritten."""
        return self.data / "shard_maps" / f"{group}.json"

    def environment(self, service: str) -> Path:
        """The environment of a service."""
        return self.etc / f"{service}.env"

    def process_log(self, process: str) -> Path:
        """What a process wrote."""
        return self.log / f"{process}.log"


def locate_run_folder(requested: Path) -> RunFolder:
    """The folder behind `.run`; makes it, elsewhere and linked, when others could not reach it.

    As root the databases run as users of their own, who cannot enter a checkout below a closed
    home such as /root.
    """
    link = requested.absolute()
    if link.exists():
        folder = RunFolder(link.resolve())
        if os.geteuid() == 0 and not _open_to_others(folder.root):
            raise RunFolderClosed(
                f"{folder.root} is closed to the users of the databases: move it away, and a new"
                f" one is made below {SYSTEM_FOLDER}."
            )
        return folder
    if link.is_symlink():  # to a folder that somebody deleted
        link.unlink()
    if os.geteuid() == 0 and not _open_to_others(link.parent):
        target = SYSTEM_FOLDER / _digest(link)
        target.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        return RunFolder(target.resolve())
    link.mkdir(parents=True)
    return RunFolder(link.resolve())


def _open_to_others(folder: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in _steps(folder.resolve()))


def _steps(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        folder = folder.parent
    yield folder
    yield from folder.parents


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]

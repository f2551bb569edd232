"""The folder of a suite, with its data, logs, keys and rendered files."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Every process of a suite starts with this variable, by which `make down` recognises it.
MARK = "RETRATO_SUPERVISED_IN"
# The place of run folders whose checkout is closed to the databases' users.
SYSTEM_FOLDER = Path("/var/lib/retrato")
# A Unix socket's path has at most 108 bytes; the longest name in the folder of sockets has 24.
SOCKET_FOLDER_CHARS_MAX = 80
# Logs name people's addresses: their owner writes them, and only the group may read them too.
LOG_FOLDER_MODE = 0o750
LOG_FILE_MODE = 0o640
LOG_UMASK = 0o027


class RunFolderClosed(Exception):
    """The users of the databases cannot enter the folder; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The layout of one suite's folder; `root` is absolute and free of symlinks."""

    root: Path

    @property
    def data(self) -> Path:
        """The folder of data, which `make down` keeps and `make reset` deletes."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """The folder of logs, with one file per process."""
        return self.root / "log"

    @property
    def etc(self) -> Path:
        """The folder of rendered configuration."""
        return self.root / "etc"

    @property
    def pki(self) -> Path:
        """The folder of the internal CA and the certificates that it signed."""
        return self.root / "pki"

    @property
    def installed_file(self) -> Path:
        """The file that exists while systemd runs the suite's processes, and no supervisor."""
        return self.root / "installed"

    @property
    def public(self) -> Path:
        """The folder of the public name's certificate and key, which the balancers read."""
        return self.root / "public"

    @property
    def acme(self) -> Path:
        """The folder of the account and the certificates of the ACME client."""
        return self.data / "acme"

    @property
    def challenges(self) -> Path:
        """The folder of files by which an ACME server finds that the name is ours."""
        return self.root / "challenges"

    @property
    def traces(self) -> Path:
        """A folder of spans for each role of the services."""
        return self.root / "traces"

    @property
    def cache(self) -> Path:
        """The folder of nginx's temporary files and photo cache, which may always be deleted."""
        return self.root / "cache"

    @property
    def secrets_file(self) -> Path:
        """The file of passwords and keys."""
        return self.root / "secrets.json"

    @property
    def network_file(self) -> Path:
        """The file with the suite's network, which is fixed at the first start."""
        return self.root / "network"

    @property
    def trace_share_file(self) -> Path:
        """The file with the share of traces of the last `make up`, or "drawn"."""
        return self.root / "trace-share"

    @property
    def limits_file(self) -> Path:
        """The file with the callers' limits of the last `make up`, usual or loose."""
        return self.root / "limits"

    @property
    def backups_file(self) -> Path:
        """The file that says whether the last `make up` was with backups, on or off."""
        return self.root / "backups-are"

    @property
    def failover_file(self) -> Path:
        """The file that says whether the last `make up` was with failover, on or off."""
        return self.root / "failover-is"

    @property
    def watch_file(self) -> Path:
        """The file that says whether the watchers ran at the last `make up`, on or off."""
        return self.root / "watch-is"

    @property
    def scale_file(self) -> Path:
        """The file of the numbers of processes that `make scale` chose."""
        return self.root / "scale.json"

    @property
    def switches_file(self) -> Path:
        """The file of what is switched while the suite runs, such as maintenance."""
        return self.root / "switches.json"

    @property
    def automation_file(self) -> Path:
        """The file that says whether automation acts: on, off or dry."""
        return self.root / "automation-is"

    @property
    def automation(self) -> Path:
        """The folder of automation: requests of alerts, and what was done."""
        return self.root / "automation"

    @property
    def automation_inbox(self) -> Path:
        """The folder of requests, which the process that takes alerts writes."""
        return self.automation / "inbox"

    @property
    def automation_actions(self) -> Path:
        """The file of the latest actions, which everybody may read."""
        return self.automation / "actions.json"

    @property
    def live_file(self) -> Path:
        """The rendered file that processes read again and again while they run."""
        return self.etc / "live.json"

    @property
    def upkeep_file(self) -> Path:
        """The file that says how each upkeep command ended last."""
        return self.root / "upkeep.json"

    @property
    def etcd(self) -> Path:
        """The folder of etcd's data, which Patroni can recreate from the databases."""
        return self.data / "etcd"

    @property
    def state_file(self) -> Path:
        """The file in which the caretaker tells the operators' page what runs."""
        return self.root / "ops-state.json"

    @property
    def complaints_file(self) -> Path:
        """The file in which the keeper reports on the backups."""
        return self.root / "backups.json"

    @property
    def restored_file(self) -> Path:
        """The file of the work that is left after a restore; deleted once all is done."""
        return self.root / "restored.json"

    @property
    def restoring_file(self) -> Path:
        """A file that exists from before a restore moves data until all data is restored."""
        return self.root / "restoring"

    @property
    def backups(self) -> Path:
        """The embedded backup store's folder, unless the topology names another."""
        return self.root / "backups"

    @property
    def store(self) -> Path:
        """The embedded object store's folder, with a folder per bucket."""
        return self.data / "store"

    @property
    def sockets(self) -> Path:
        """The folder of Unix sockets, which is elsewhere if the run folder's path is too long."""
        here = self.root / "sockets"
        if len(str(here)) <= SOCKET_FOLDER_CHARS_MAX:
            return here
        return Path(tempfile.gettempdir()) / f"retrato-{os.geteuid()}-{_digest(self.root)}"

    @property
    def locks(self) -> Path:
        """The folder of locks, one file per upkeep command."""
        return self.root / "locks"

    @property
    def code(self) -> Path:
        """The folder of the copy of a checkout that the services' accounts cannot read."""
        return self.root / "code"

    @property
    def supervisor_socket(self) -> Path:
        """The Unix socket on which the supervisor takes commands."""
        return self.sockets / "supervisor.sock"

    @property
    def supervisor_pid_file(self) -> Path:
        """The file with the supervisor's process id."""
        return self.root / "supervisor.pid"

    @property
    def ledger_file(self) -> Path:
        """The file of the ledger: what the suite held when it was last examined."""
        return self.root / "ledger.json"

    @property
    def lock_file(self) -> Path:
        """The lock of the one command that may change the suite; contains its name."""
        return self.root / "lock"

    @property
    def reset_file(self) -> Path:
        """A file that exists while a reset is under way or was interrupted."""
        return self.root / "reset-under-way"

    @property
    def compose_file(self) -> Path:
        """The file of a suite in containers, which no command starts as processes."""
        return self.root / "compose.yaml"

    @property
    def shard_maps(self) -> Path:
        """The folder of shard maps."""
        return self.data / "shard_maps"

    def shard_map(self, group: str) -> Path:
        """Return the file of a group's shard map, which is state, because shards may move."""
        return self.shard_maps / f"{group}.json"

    def environment(self, service: str) -> Path:
        """Return the file with the environment of a service."""
        return self.etc / f"{service}.env"

    def process_log(self, process: str) -> Path:
        """Return the log file of a process."""
        return self.log / f"{process}.log"


def locate_run_folder(requested: Path) -> RunFolder:
    """Return the run folder, and create it if it does not exist; raises RunFolderClosed.

    As root, the databases run as their own users, which cannot enter a checkout below a closed
    home such as /root. The folder is then created elsewhere, and linked.
    """
    link = requested.absolute()
    if link.exists():
        folder = RunFolder(link.resolve())
        if os.geteuid() == 0 and not open_to_others(folder.root):
            raise RunFolderClosed(
                f"{folder.root} is closed to the users of the databases: move it away, and a new"
                f" one is made below {SYSTEM_FOLDER}."
            )
        return folder
    if link.is_symlink():  # its target was deleted
        link.unlink()
    if os.geteuid() == 0 and not open_to_others(link.parent):
        target = SYSTEM_FOLDER / _digest(link)
        target.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        return RunFolder(target.resolve())
    link.mkdir(parents=True)
    return RunFolder(link.resolve())


def open_to_others(folder: Path) -> bool:
    """Whether every user of the machine can enter the folder, or the nearest one that exists."""
    return all(step.stat().st_mode & 0o001 for step in _steps(folder.resolve()))


def _steps(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        folder = folder.parent
    yield folder
    yield from folder.parents


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]

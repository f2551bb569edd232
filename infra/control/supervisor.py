"""Starts the supervisor, and controls it over its socket."""

import http.client
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from infra.control.failures import SuiteFailure
from infra.programs import program
from infra.run_folder import LOG_FILE_MODE, LOG_UMASK, MARK, REPOSITORY, RunFolder

_START_TIMEOUT_S = 15.0
_POLL_S = 0.05
# The supervisor answers in milliseconds, and on a busy machine in a second or two.
_ANSWER_TIMEOUT_S = 15.0
# A call that waits for processes to end may take as long as the slowest of them.
_STOP_TIMEOUT_S = 90.0
# Fault codes of supervisor's XML-RPC interface.
_ALREADY_STARTED = 60
_NOT_RUNNING = 70


class SupervisorSilent(SuiteFailure):
    """The supervisor runs but does not answer."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The supervisor's view of a process; `since` is its start or stop, as Unix time."""

    name: str
    state: str  # STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL
    pid: int
    since: int

    @property
    def is_up(self) -> bool:
        """Whether the process is starting or running."""
        return self.state in {"STARTING", "RUNNING"}

    @property
    def has_failed(self) -> bool:
        """Whether the process ended unexpectedly."""
        return self.state in {"BACKOFF", "EXITED", "FATAL"}


class Supervisor:
    """The supervisor of a run folder; every call opens a new connection.

    Of an installed suite it is systemd, with the same words.
    """

    def __new__(cls, folder: RunFolder) -> Self:
        """Return the supervisor that runs the processes of this folder."""
        if cls is Supervisor and folder.installed_file.exists():
            # It extends this class.
            from infra.control.units import Units

            return cast("Self", object.__new__(Units))
        return object.__new__(cls)

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def is_running(self) -> bool:
        """Whether the supervisor answers; raises SupervisorSilent if it runs but does not."""
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statename"] == "RUNNING")
        except TimeoutError:
            raise self._silence() from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def states(self) -> dict[str, ProcessState]:
        """Return the state of every process by name."""
        with self._rpc() as rpc:
            return {info["name"]: _state(info) for info in rpc.getAllProcessInfo()}

    def state(self, name: str) -> ProcessState:
        """Return the state of one process."""
        with self._rpc() as rpc:
            return _state(rpc.getProcessInfo(name))

    def start(self, name: str) -> None:
        """Start a process without waiting; no error if it already runs.

        A process in BACKOFF is stopped first, so that its next attempt is immediate.
        """
        if self.state(name).state == "BACKOFF":
            self.begin_stop(name)
        with self._rpc() as rpc, _ignored(_ALREADY_STARTED):
            rpc.startProcess(name, False)

    def begin_stop(self, name: str) -> None:
        """Stop a process without waiting; no error if it does not run."""
        with self._rpc() as rpc, _ignored(_NOT_RUNNING):
            rpc.stopProcess(name, False)

    def signal(self, name: str, signal_name: str) -> None:
        """Send a signal to a process; no error if it does not run."""
        with self._rpc() as rpc, _ignored(_NOT_RUNNING):
            rpc.signalProcess(name, signal_name)

    def launch(self) -> None:
        """Start the supervisor itself and wait until it answers."""
        with (self._folder.log / "supervisord.out").open("ab") as output:
            os.fchmod(output.fileno(), LOG_FILE_MODE)
            process = subprocess.Popen(
                [
                    # What the supervisor starts inherits these.
                    program("prlimit"),
                    "--core=0",
                    program("setpriv"),
                    "--no-new-privs",
                    sys.executable,
                    "-W",
                    "ignore",
                    "-m",
                    "supervisor.supervisord",
                    "-c",
                    str(self._folder.etc / "supervisord.conf"),
                ],
                cwd=REPOSITORY,
                env=_clean_environment(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # The supervisor outlives this command and must not hold its terminal or pipe.
                start_new_session=True,
                # In the foreground it ignores the umask of its file, which would open the logs.
                umask=LOG_UMASK,
            )
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while not self.is_running():
            if process.poll() is not None or time.monotonic() > deadline_s:
                said = (self._folder.log / "supervisord.out").read_text(encoding="utf-8")
                raise SuiteFailure(f"The supervisor does not start:\n{said[-2000:]}")
            time.sleep(_POLL_S)

    def reload(self) -> set[str]:
        """Reread the configuration; returns the names of processes whose description changed.

        A changed process runs on unchanged until it is stopped and renewed. A process without a
        description runs until it is removed.
        """
        with self._rpc() as rpc:
            ((added, changed, _removed),) = rpc.reloadConfig()
            for name in added:
                rpc.addProcessGroup(name)
        return set(changed)

    def remove_undescribed(self, prefix: str = "") -> list[str]:
        """Stop and remove processes without a description; returns their names."""
        with self._rpc(_STOP_TIMEOUT_S) as rpc:
            ((_added, _changed, removed),) = rpc.reloadConfig()
            gone = [name for name in removed if name.startswith(prefix)]
            for name in gone:
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
        return gone

    def remove(self, name: str) -> None:
        """Forget a stopped process without a description."""
        with self._rpc() as rpc:
            rpc.removeProcessGroup(name)

    def renew(self, name: str) -> None:
        """Give a stopped process its new description."""
        with self._rpc() as rpc:
            rpc.removeProcessGroup(name)
            rpc.addProcessGroup(name)

    def end(self) -> None:
        """Stop the supervisor itself, which first ends all its processes."""
        with self._rpc() as rpc:
            rpc.shutdown()

    @contextmanager
    def _rpc(self, timeout_s: float = _ANSWER_TIMEOUT_S) -> Iterator[Any]:
        transport = _UnixTransport(str(self._folder.supervisor_socket), timeout_s)
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
        finally:
            transport.close()

    def _silence(self) -> SupervisorSilent:
        try:
            pid = self._folder.supervisor_pid_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            pid = "of an unknown pid"
        return SupervisorSilent(
            f"The supervisor (pid {pid}) has not answered for {_ANSWER_TIMEOUT_S:.0f} s. If it is"
            f" frozen, `kill -CONT {pid}` lets it go on; `make down` ends it and all of the suite."
        )


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__()
        self._opened = _UnixConnection(path, timeout_s)

    def make_connection(self, _host: Any) -> http.client.HTTPConnection:
        return self._opened

    def close(self) -> None:
        self._opened.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path, self._timeout_s = path, timeout_s

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._timeout_s)
        self.sock.connect(self._path)


def _state(info: Mapping[str, Any]) -> ProcessState:
    return ProcessState(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        since=info["start"] if info["pid"] else info["stop"],
    )


@contextmanager
def _ignored(fault_code: int) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != fault_code:
            raise


def _clean_environment(folder: RunFolder) -> dict[str, str]:
    """Return an environment that contains nothing of the operator's shell."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        MARK: str(folder.root),
    }

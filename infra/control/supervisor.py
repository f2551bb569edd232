"""Talks to the supervisor over its socket, and starts it."""

import http.client
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.run_folder import MARK, REPOSITORY, RunFolder

_START_TIMEOUT_S = 15.0
_POLL_S = 0.05
# It answers in milliseconds, on a busy machine in a second or two; one that is frozen never does.
_ANSWER_TIMEOUT_S = 15.0
# A call that waits until processes have ended takes as long as the slowest of them may.
_STOP_TIMEOUT_S = 90.0
# Fault codes of supervisor's XML-RPC interface.
_ALREADY_STARTED = 60
_NOT_RUNNING = 70


class SupervisorSilent(SuiteFailure):
    """The supervisor is there, and does not answer."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What the supervisor knows of a process; `since` is the Unix time of the last change."""

    name: str
    state: str  # STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL
    pid: int
    since: int

    @property
    def is_up(self) -> bool:
        """Whether there is a process at all."""
        return self.state in {"STARTING", "RUNNING"}

    @property
    def has_failed(self) -> bool:
        """Whether it ended although it should not have."""
        return self.state in {"BACKOFF", "EXITED", "FATAL"}


class Supervisor:
    """The supervisor of one run folder; every call opens the socket anew."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def is_running(self) -> bool:
        """Whether it answers; raises SupervisorSilent if it is there and does not."""
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statename"] == "RUNNING")
        except TimeoutError:
            raise self._silence() from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def states(self) -> dict[str, ProcessState]:
        """What every process is doing."""
        with self._rpc() as rpc:
            return {info["name"]: _state(info) for info in rpc.getAllProcessInfo()}

    def state(self, name: str) -> ProcessState:
        """What one process is doing."""
        with self._rpc() as rpc:
            return _state(rpc.getProcessInfo(name))

    def start(self, name: str) -> None:
        """Start a process, without waiting; no error if it runs already.

        One that keeps failing is first told to stop, so that its next try is now and not later.
        """
        if self.state(name).state == "BACKOFF":
            self.begin_stop(name)
        with self._rpc() as rpc, _ignored(_ALREADY_STARTED):
            rpc.startProcess(name, False)

    def begin_stop(self, name: str) -> None:
        """Ask a process to stop, without waiting; no error if it does not run."""
        with self._rpc() as rpc, _ignored(_NOT_RUNNING):
            rpc.stopProcess(name, False)

    def signal(self, name: str, signal_name: str) -> None:
        """Send a signal; no error if it does not run."""
        with self._rpc() as rpc, _ignored(_NOT_RUNNING):
            rpc.signalProcess(name, signal_name)

    def launch(self) -> None:
        """Start the supervisor itself and wait until it answers."""
        with (self._folder.log / "supervisord.out").open("ab") as output:
            process = subprocess.Popen(
                [
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
                # It outlives this command, and its children must not hold our terminal or pipe.
                start_new_session=True,
            )
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while not self.is_running():
            if process.poll() is not None or time.monotonic() > deadline_s:
                said = (self._folder.log / "supervisord.out").read_text(encoding="utf-8")
                raise SuiteFailure(f"The supervisor does not start:\n{said[-2000:]}")
            time.sleep(_POLL_S)

    def reload(self) -> set[str]:
        """Read the configuration again; the names of the processes that it describes anew.

        Those go on as they are until each is stopped and renewed, and those that it no longer
        describes until they are removed.
        """
        with self._rpc() as rpc:
            ((added, changed, _removed),) = rpc.reloadConfig()
            for name in added:
                rpc.addProcessGroup(name)
        return set(changed)

    def remove_undescribed(self, prefix: str = "") -> list[str]:
        """Stop and forget what the configuration no longer describes; the names of those."""
        with self._rpc(_STOP_TIMEOUT_S) as rpc:
            ((_added, _changed, removed),) = rpc.reloadConfig()
            gone = [name for name in removed if name.startswith(prefix)]
            for name in gone:
                rpc.stopProcessGroup(name)
                rpc.removeProcessGroup(name)
        return gone

    def renew(self, name: str) -> None:
        """Give a process that is stopped its new description."""
        with self._rpc() as rpc:
            rpc.removeProcessGroup(name)
            rpc.addProcessGroup(name)

    def end(self) -> None:
        """Ask the supervisor itself to stop; it first ends what still runs."""
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
    """Nothing of the shell that happens to start the suite reaches its processes."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        MARK: str(folder.root),
    }

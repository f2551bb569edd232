"""The processes that faults hit: it finds, signals and starts those of one suite, and no others."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from bench.cpu_meter import process_trees
from tests.suite import Suite

_POSTGRES = "postgres-"


class Victims:
    """The processes of one suite's supervisor, and the Postgres servers that they watch."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @asynccontextmanager
    async def killed(self, name: str) -> AsyncIterator[None]:
        """SIGKILL to a process and its children; the supervisor starts it again."""
        signal_all(self.pids(name), signal.SIGKILL)
        yield

    @asynccontextmanager
    async def frozen(self, *names: str) -> AsyncIterator[None]:
        """SIGSTOP during the block: it neither answers nor closes connections."""
        with _stopped(self.pids(*names)):
            yield

    @asynccontextmanager
    async def away(self, *names: str) -> AsyncIterator[None]:
        """Kill processes at once, as a machine dies, and keep them down during the block."""
        try:
            pids = self.pids(*names)
            # The supervisor must hear of the stop before the death, or it would restart it. The
            # process is frozen before that, or it would begin to shut down in good order.
            signal_all(pids, signal.SIGSTOP)
            stopping = [asyncio.create_task(self._suite.stop(name)) for name in names]
            await asyncio.sleep(0)
            signal_all(pids, signal.SIGKILL)
            await asyncio.gather(*stopping)
            yield
        finally:
            # All at once, because each may need another one to answer.
            started = [self._suite.start(name) for name in names]
            for outcome in await asyncio.gather(*started, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome

    @asynccontextmanager
    async def server_killed(self, name: str) -> AsyncIterator[None]:
        """SIGKILL to a Postgres, and not to the Patroni that watches it."""
        signal_all(self._server_pids(name), signal.SIGKILL)
        yield

    @asynccontextmanager
    async def watcher_frozen(self, name: str) -> AsyncIterator[None]:
        """SIGSTOP to a Patroni during the block, while its Postgres goes on."""
        servers = self._server_pids(name)
        with _stopped([pid for pid in self._own_pids(name) if pid not in servers]):
            yield

    def let_go_on(self) -> None:
        """Let every process go on that an earlier session may have left frozen."""
        for process in self._suite.processes():
            signal_all(self.pids(process.name), signal.SIGCONT)

    def pids(self, *names: str) -> Sequence[int]:
        """Return the processes, their children, and the Postgres that they watch, if they do."""
        roots = [pid for name in names for pid in (*self._own(name), *self._server(name))]
        return sorted(set(process_trees(roots))) if roots else []

    def _own_pids(self, name: str) -> Sequence[int]:
        return process_trees(self._own(name))

    def _server_pids(self, name: str) -> Sequence[int]:
        return process_trees(self._server(name))

    def _own(self, name: str) -> Sequence[int]:
        """Return the process, if it runs and is the supervisor's own child."""
        pid = self._suite.pid(name)
        return [pid] if pid and _is_child(pid, self._supervisor_pid()) else []

    def _server(self, name: str) -> Sequence[int]:
        """Return a Postgres, which is nobody's child under Patroni."""
        if not name.startswith(_POSTGRES):
            return []
        server = name.removeprefix(_POSTGRES)
        folder = self._suite.on_disk.folder.data / "postgres" / server
        with suppress(OSError, ValueError, IndexError):
            pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            # The number may have gone to another process since.
            if Path(f"/proc/{pid}/cwd").samefile(folder):
                return [pid]
        return []

    def _supervisor_pid(self) -> int:
        return int(self._suite.on_disk.folder.supervisor_pid_file.read_text(encoding="ascii"))


def _is_child(pid: int, parent: int) -> bool:
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # The name, in brackets, may hold anything; state and parent follow.
        return int(stat.rpartition(")")[2].split()[1]) == parent
    return False


@contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    signal_all(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(pids, signal.SIGCONT)


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to all processes of a list that still exist."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

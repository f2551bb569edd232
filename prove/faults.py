"""The faults that a suite can be given: each is announced, bounded, and healed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path

from bench.cpu_meter import process_tree
from infra.control.failures import SuiteFailure
from infra.process import Process
from prove.history import Recorder
from prove.members import roles_of_members
from prove.schedule import Planned
from tests.eventually import eventually
from tests.suite import Suite

# A busy machine takes a minute to start a process.
WELL_WITHIN_S = 120.0
_TOLD_AGAIN_S = 0.5
# Backups and certificates may be late by seconds, and nothing that the run checks depends on them.
_LEFT_ALONE = {"backup-store", "keeper", "caretaker"}
# With failover: the Postgres alone is killed, its Patroni alone is frozen, all of etcd is away, and
# a planned change of the primary.
FAILOVER_KINDS = ("end server", "halt patroni", "blind etcd", "switch database")
HELD = {"freeze", "away", "halt", "blind"}
# Longer than the ten seconds of a leader's lease, so that somebody else is promoted.
FAILOVER_HOLD_S = 15.0
# A name of its own, because only a suite with failover has this kind of process.
_ETCD = "etcd"
SERVICES = ("gateway", "users", "upload", "feed")


class Breaker:
    """Breaks one suite's processes and repairs them; no process of another suite is touched."""

    def __init__(self, suite: Suite, recorder: Recorder) -> None:
        self._suite = suite
        self._recorder = recorder
        self.present = ""

    def kinds(self) -> list[str]:
        """Return the faults that this suite can be given: what is done, and to which role."""
        roles = {_role(process) for process in self._suite.processes()} - {""}
        if any(len(database.members) > 1 for database in self._suite.plan.databases):
            roles.add("replica")
        away = [role for role in sorted(roles) if role not in {*SERVICES, "nginx", "fence"}]
        kinds = [f"{deed} {role}" for deed in ("kill", "freeze") for role in sorted(roles)]
        kinds += [*(f"away {role}" for role in away), "empty redis", "restart service"]
        return [*kinds, *FAILOVER_KINDS] if self._fails_over else kinds

    @property
    def _fails_over(self) -> bool:
        """Whether a replica takes a lost primary's place by itself."""
        return getattr(self._suite.plan, "failover", None) is not None

    async def give(self, planned: Planned) -> None:
        """Give the suite a fault, and wait until all is well again."""
        deed, _space, role = planned.kind.partition(" ")
        targets = await self._targets(deed, role)
        if not targets:
            return  # Nobody leads, or follows, at the moment.
        target = targets[int(planned.pick * len(targets))]
        hold_s = planned.hold_s if deed in HELD else 0.0
        if hold_s and self._fails_over and role in {"primary", "patroni", "etcd"}:
            hold_s = max(hold_s, FAILOVER_HOLD_S)
        self._say("begin", planned, [target])
        self.present = f"{deed} {target}"
        try:
            with _told():
                async with _DEEDS[deed](self, target):
                    await asyncio.sleep(hold_s)
            self._say("healed", planned, [target])
            is_well = await self.is_well(target)
            self._say("well" if is_well else "ill", planned, [target])
        finally:
            self.present = ""

    async def heal(self) -> None:
        """Let everything go on and start what is down, as an earlier session may have left it."""
        for process in self._suite.processes():
            _signal_all(self.pids(process.name), signal.SIGCONT)
        for process in self._suite.processes():
            if not self._suite.pid(process.name):
                with _told():
                    await self._suite.start(process.name)
        await self.is_well()

    async def is_well(self, first: str = "") -> bool:
        """Wait until all processes are healthy, and DNS lists all instances.

        It asks the `first` one alone until that is healthy, because asking costs processor time.
        Returns False if something is still ill after WELL_WITHIN_S; the checks report that.
        """

        async def check() -> None:
            for name in [first] if first in self._names() else []:
                assert await self._suite.is_healthy(name), name
            for name in self._names():
                assert await self._suite.is_healthy(name), name
            for service in self._suite.plan.services.values():
                assert await self._suite.addresses(service.host) >= set(service.replicas)

        try:
            await eventually(check, within_s=WELL_WITHIN_S, every_s=_TOLD_AGAIN_S)
        except AssertionError as ill:
            print(f"not well {WELL_WITHIN_S:.0f} s later: {ill}", flush=True)
            return False
        return True

    def _names(self) -> list[str]:
        return [process.name for process in self._suite.processes()]

    @asynccontextmanager
    async def killed(self, name: str) -> AsyncIterator[None]:
        """SIGKILL to a process and its children; the supervisor starts it again."""
        _signal_all(self.pids(name), signal.SIGKILL)
        yield

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """SIGSTOP during the block: it neither answers nor closes connections."""
        with _stopped(self.pids(name)):
            yield

    @asynccontextmanager
    async def away(self, name: str) -> AsyncIterator[None]:
        """Kill a process and keep it down during the block."""
        try:
            pids = self.pids(name)
            # The supervisor must hear of the stop before the death, or it would restart it. The
            # process is frozen before that, or it would begin to shut down in good order.
            _signal_all(pids, signal.SIGSTOP)
            stopping = asyncio.create_task(self._suite.stop(name))
            await asyncio.sleep(0)
            _signal_all(pids, signal.SIGKILL)
            await stopping
            yield
        finally:
            await self._suite.start(name)

    @asynccontextmanager
    async def emptied(self, name: str) -> AsyncIterator[None]:
        """Delete all keys of a Redis."""
        async with self._suite.redis(name.removeprefix("redis-")) as redis:
            await redis.flushall()
        yield

    @asynccontextmanager
    async def restarted(self, service: str) -> AsyncIterator[None]:
        """Restart the instances of a service one after the other."""
        await self._suite.restart_within(service)
        yield

    @asynccontextmanager
    async def server_killed(self, name: str) -> AsyncIterator[None]:
        """SIGKILL to a Postgres, and not to the Patroni that watches it."""
        _signal_all(self._server_pids(name), signal.SIGKILL)
        yield

    @asynccontextmanager
    async def watcher_frozen(self, name: str) -> AsyncIterator[None]:
        """SIGSTOP to a Patroni during the block, while its Postgres goes on."""
        servers = self._server_pids(name)
        with _stopped([pid for pid in self._own_pids(name) if pid not in servers]):
            yield

    @asynccontextmanager
    async def blinded(self, _name: str) -> AsyncIterator[None]:
        """Keep all of etcd down during the block."""
        names = [one.name for one in self._suite.processes() if one.kind == _ETCD]
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(self.away(name))
            yield

    @asynccontextmanager
    async def switched(self, database: str) -> AsyncIterator[None]:
        """Let a replica in sync take over in good order."""
        await asyncio.to_thread(self._suite.operate, "switchover", database)
        yield

    async def _targets(self, deed: str, role: str) -> list[str]:
        if deed == "restart":
            return list(SERVICES)
        if deed == "switch":
            return [database.name for database in self._suite.plan.databases]
        wanted = "primary" if role in {"replica", "server", "patroni"} else role
        names = [process.name for process in self._suite.processes() if _role(process) == wanted]
        if wanted == "primary":
            return await roles_of_members(self._suite, names, is_primary=role != "replica")
        return names

    def pids(self, name: str) -> Sequence[int]:
        """Return the process, its children, and the Postgres that it watches, if it does."""
        return sorted({*self._own_pids(name), *self._server_pids(name)})

    def _own_pids(self, name: str) -> Sequence[int]:
        """Return the process and its children, if it runs and is the supervisor's own child."""
        pid = self._suite.pid(name)
        if not pid or not _is_child(pid, self._supervisor_pid()):
            return []
        return process_tree(pid)

    def _server_pids(self, name: str) -> Sequence[int]:
        """Return a Postgres and its children, which are nobody's children under Patroni."""
        process = self._suite.process(name)
        folder = self._suite.on_disk.folder.data / "postgres" / process.server
        if process.kind != "postgres":
            return []
        with suppress(OSError, ValueError, IndexError):
            pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            # The number may have gone to another process since.
            if Path(f"/proc/{pid}/cwd").samefile(folder):
                return process_tree(pid)
        return []

    def _supervisor_pid(self) -> int:
        return int(self._suite.on_disk.folder.supervisor_pid_file.read_text(encoding="ascii"))

    def _say(self, phase: str, planned: Planned, targets: Sequence[str]) -> None:
        self._recorder.write(
            **{"is": "fault"},
            number=planned.number,
            phase=phase,
            kind=planned.kind,
            targets=targets,
            at=round(self._recorder.now_s(), 4),
        )


_DEEDS: dict[str, Callable[[Breaker, str], AbstractAsyncContextManager[None]]] = {
    "kill": Breaker.killed,
    "freeze": Breaker.frozen,
    "away": Breaker.away,
    "empty": Breaker.emptied,
    "restart": Breaker.restarted,
    "end": Breaker.server_killed,
    "halt": Breaker.watcher_frozen,
    "blind": Breaker.blinded,
    "switch": Breaker.switched,
}


def _role(process: Process) -> str:
    """Return the role of a process in faults; empty for what is left alone."""
    if process.name in _LEFT_ALONE or process.service in _LEFT_ALONE:
        return ""
    if process.kind == "postgres":
        return "primary"
    if process.planned.module.endswith(".worker"):
        return "worker"
    return process.service if process.kind == "service" else process.kind


@contextmanager
def _told() -> Iterator[None]:
    """Print why an operator's command failed; whether all becomes well decides later."""
    try:
        yield
    except (SuiteFailure, RuntimeError) as failed:
        print(failed, flush=True)


def _is_child(pid: int, parent: int) -> bool:
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # The name, in brackets, may hold anything; state and parent follow.
        return int(stat.rpartition(")")[2].split()[1]) == parent
    return False


@contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    _signal_all(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal_all(pids, signal.SIGCONT)


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

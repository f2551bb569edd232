"""The faults that a suite can be given: each is announced, bounded, and healed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import cached_property, partial

from infra.control.failures import SuiteFailure
from infra.process import Process
from prove.disks import SmallDisks
from prove.history import Recorder
from prove.links import Links
from prove.losses import Losses
from prove.members import roles_of_members
from prove.schedule import Planned
from prove.victims import Victims
from tests.eventually import eventually
from tests.suite import Suite

# A busy machine takes a minute to start a process.
WELL_WITHIN_S = 120.0
_TOLD_AGAIN_S = 0.5
# Backups and certificates may be late by seconds, and nothing that the run checks depends on them.
_LEFT_ALONE = {"backup-store", "keeper", "caretaker"}
# With failover: only the Postgres or only the Patroni, all of etcd, a planned change of the
# primary, and whole machines in all orders that somebody could be promoted wrongly in.
FAILOVER_KINDS = (
    *("end server", "halt patroni", "blind etcd", "switch database", "shuttle database"),
    *("behead primary", "stall primary", "relapse database", "return replica"),
)
# A primary that is cut from the replica alone goes on without failover, so that this is one fault.
CUT_KINDS = ("cut replica", "isolate primary")
FAILOVER_CUT_KINDS = ("cut primary", "strand primary")
DISK_KINDS = ("fill primary",)
HELD = {
    "freeze",
    "away",
    "halt",
    "blind",
    "crash",
    "behead",
    "stall",
    "cut",
    "isolate",
    "strand",
    "return",
}
HELD |= {"relapse", "fill"}
# Longer than the ten seconds of a leader's lease, so that somebody else is promoted.
FAILOVER_HOLD_S = 15.0
# These are held for longer: all of etcd and a network are away for as long as a person needs.
LONG_HOLD_S = {"cut": FAILOVER_HOLD_S, "blind": 30.0, "isolate": 30.0, "return": 18.0}
# A name of its own, because only a suite with failover has this kind of process.
_ETCD = "etcd"
SERVICES = ("gateway", "users", "upload", "feed")
# Where the time of a lease matters.
_ELECTED = {"primary", "patroni", "etcd"}
# What a failed command says may be pages long.
_WHY_CHARS = 300
# Faults that are given to a database, whoever leads it.
_OF_DATABASES = {"switch", "shuttle", "strand", "return", "relapse", "fill"}

Deed = Callable[[str], AbstractAsyncContextManager[None]]


class Breaker:
    """Breaks one suite's processes and repairs them; no process of another suite is touched."""

    def __init__(self, suite: Suite, recorder: Recorder) -> None:
        self.suite = suite
        self.recorder = recorder
        self.victims = Victims(suite)
        self._links = Links(suite, self.victims)
        self._disks = SmallDisks(suite)
        self.deeds = self.all_deeds(Losses(suite, self.victims, self._links))
        self.present = ""

    def all_deeds(self, losses: Losses) -> Mapping[str, Deed]:
        """Return what each first word of a kind does; the second word says to whom."""
        return {
            "kill": self.victims.killed,
            "freeze": self.victims.frozen,
            "away": self.victims.away,
            "empty": self.emptied,
            "restart": self.restarted,
            "end": self.victims.server_killed,
            "halt": self.victims.watcher_frozen,
            "blind": self.blinded,
            "switch": self.switched,
            "cut": self._links.cut,
            "isolate": self._links.isolated,
            "fill": self._disks.filled,
            "stall": losses.stalled,
            "strand": losses.stranded,
            "return": losses.returned,
            "relapse": losses.relapsed,
            "shuttle": losses.shuttled,
            "behead": losses.crashed_with_etcd,
        }

    def kinds(self) -> list[str]:
        """Return the faults that this suite can be given: what is done, and to which role."""
        roles = {_role(process) for process in self.suite.processes()} - {""}
        if any(len(database.members) > 1 for database in self.suite.plan.databases):
            roles.add("replica")
        away = [role for role in sorted(roles) if role not in {*SERVICES, "nginx", "fence"}]
        kinds = [f"{deed} {role}" for deed in ("kill", "freeze") for role in sorted(roles)]
        kinds += [*(f"away {role}" for role in away), "empty redis", "restart service"]
        kinds += FAILOVER_KINDS if self._fails_over else ()
        return [*kinds, *(kind for kind, why_not in self._want_more.items() if not why_not)]

    def left_out(self) -> dict[str, str]:
        """Return the faults that would fit this suite, and why this machine does not allow them."""
        return {kind: why_not for kind, why_not in self._want_more.items() if why_not}

    @cached_property
    def _want_more(self) -> Mapping[str, str]:
        """Faults that want more than signals: why each cannot be had, or ""."""
        cuts = [*CUT_KINDS, *(FAILOVER_CUT_KINDS if self._fails_over else ())]
        if all(len(database.members) == 1 for database in self.suite.plan.databases):
            cuts.remove("cut replica")
        links, disks = self._links.why_not(), self._disks.why_not()
        return {**dict.fromkeys(cuts, links), **dict.fromkeys(DISK_KINDS, disks)}

    @property
    def _fails_over(self) -> bool:
        """Whether a replica takes a lost primary's place by itself."""
        return getattr(self.suite.plan, "failover", None) is not None

    async def give(self, planned: Planned) -> None:
        """Give the suite a fault, and wait until all is well again."""
        deed, _space, role = planned.kind.partition(" ")
        try:
            targets = await eventually(partial(self.targets, deed, role), within_s=WELL_WITHIN_S)
        except AssertionError as nobody:
            print(f"{planned.kind} is not given: {nobody}", flush=True)
            return
        target = targets[int(planned.pick * len(targets))]
        # The name of a process, by which the checks know what a fault may excuse.
        hit = [f"postgres-{target}" if deed in _OF_DATABASES else target]
        self._say("begin", planned, hit)
        self.present = f"{deed} {target}"
        try:
            with self._told(planned, hit):
                async with self.deeds[deed](target):
                    await asyncio.sleep(self._hold_s(deed, role, planned))
            self._say("healed", planned, hit)
            is_well = await self.is_well(target)
            self._say("well" if is_well else "ill", planned, hit)
        finally:
            self.present = ""

    def _hold_s(self, deed: str, role: str, planned: Planned) -> float:
        if deed not in HELD:
            return 0.0
        is_long = role in _ELECTED or deed in _OF_DATABASES or deed in LONG_HOLD_S
        if not self._fails_over or not is_long:
            return planned.hold_s
        return max(planned.hold_s, LONG_HOLD_S.get(deed, FAILOVER_HOLD_S))

    async def heal(self) -> None:
        """Let everything go on and start what is down, as an earlier session may have left it."""
        self._links.clear()
        self.victims.let_go_on()
        with self._told():
            await self._disks.give_back()
        for process in self.suite.processes():
            if not self.suite.pid(process.name):
                with self._told():
                    await self.suite.start(process.name)
        await self.is_well()

    async def is_well(self, first: str = "") -> bool:
        """Wait until all processes are healthy, and DNS lists all instances.

        It asks the `first` one alone until that is healthy, because asking costs processor time.
        Returns False if something is still ill after WELL_WITHIN_S; the checks report that.
        """

        async def check() -> None:
            for name in [first] if first in self._names() else []:
                assert await self.suite.is_healthy(name), name
            for name in self._names():
                assert await self.suite.is_healthy(name), name
            for service in self.suite.plan.services.values():
                assert await self.suite.addresses(service.host) >= set(service.replicas)

        try:
            await eventually(check, within_s=WELL_WITHIN_S, every_s=_TOLD_AGAIN_S)
        except AssertionError as ill:
            print(f"not well {WELL_WITHIN_S:.0f} s later: {ill}", flush=True)
            return False
        return True

    def _names(self) -> list[str]:
        return [process.name for process in self.suite.processes()]

    @asynccontextmanager
    async def emptied(self, name: str) -> AsyncIterator[None]:
        """Delete all keys of a Redis."""
        async with self.suite.redis(name.removeprefix("redis-")) as redis:
            await redis.flushall()
        yield

    @asynccontextmanager
    async def restarted(self, service: str) -> AsyncIterator[None]:
        """Restart the instances of a service one after the other."""
        await self.suite.restart_within(service)
        yield

    @asynccontextmanager
    async def blinded(self, _name: str) -> AsyncIterator[None]:
        """Keep all of etcd down during the block."""
        names = [one.name for one in self.suite.processes() if one.kind == _ETCD]
        async with self.victims.away(*names):
            yield

    @asynccontextmanager
    async def switched(self, database: str) -> AsyncIterator[None]:
        """Let a replica in sync take over in good order."""
        await asyncio.to_thread(self.suite.operate, "switchover", database)
        yield

    async def targets(self, deed: str, role: str) -> list[str]:
        """Return who fits a fault now; raises AssertionError if nobody does."""
        if deed == "restart":
            return list(SERVICES)
        if deed in _OF_DATABASES:
            return [database.name for database in self.suite.plan.databases]
        servers = role in {"replica", "server", "patroni"}
        wanted = "primary" if servers else role
        names = [process.name for process in self.suite.processes() if _role(process) == wanted]
        if wanted == "primary":
            names = await roles_of_members(self.suite, names, is_primary=role != "replica")
        assert names, f"nobody is a {role} now"
        return names

    @contextmanager
    def _told(self, planned: Planned | None = None, hit: Sequence[str] = ()) -> Iterator[None]:
        """Note why an operator's command failed; whether all becomes well decides later."""
        try:
            yield
        except (SuiteFailure, RuntimeError) as failed:
            print(failed, flush=True)
            if planned is not None:
                self._say("failed", planned, hit, why=str(failed)[:_WHY_CHARS])

    def _say(self, phase: str, planned: Planned, targets: Sequence[str], **more: str) -> None:
        self.recorder.write(
            **{"is": "fault"},
            number=planned.number,
            phase=phase,
            kind=planned.kind,
            targets=targets,
            at=round(self.recorder.now_s(), 4),
            **more,
        )


def _role(process: Process) -> str:
    """Return the role of a process in faults; empty for what is left alone."""
    if process.name in _LEFT_ALONE or process.service in _LEFT_ALONE:
        return ""
    if process.kind == "watcher":
        # Nobody waits for it.
        return ""
    if process.kind == "postgres":
        return "primary"
    if process.planned.module.endswith(".worker"):
        return "worker"
    return process.service if process.kind == "service" else process.kind

"""Cuts one Postgres server of a suite off: from the other servers and etcd, or from everybody."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from infra.plan.parts import Member
from infra.process import Process
from prove.cuts import Network, Side
from prove.victims import Victims
from tests.suite import Suite


class Links:
    """The connections of each Postgres server of a suite."""

    def __init__(self, suite: Suite, victims: Victims) -> None:
        self._suite = suite
        self._victims = victims
        self._network = Network(suite.plan.network)

    def why_not(self) -> str:
        """Return why nothing can be cut here, or ""."""
        return self._network.why_not()

    def clear(self) -> None:
        """Heal what a killed session left cut."""
        self._network.clear()

    @asynccontextmanager
    async def cut(self, name: str) -> AsyncIterator[None]:
        """Cut a server off from the other members of its database, and from etcd.

        Clients reach it, and the others, as before.
        """
        server = self._member(name)
        far = [
            one
            for one in self._suite.processes()
            if one.kind == "etcd" or (one.kind == "postgres" and self._is_beside(one, server))
        ]
        async with self._network.cut(self._near(server), self._side(far), self._fence()):
            yield

    @asynccontextmanager
    async def isolated(self, name: str) -> AsyncIterator[None]:
        """Cut a server off from everybody, as when its machine loses its cable."""
        server = self._member(name)
        far = [one for one in self._suite.processes() if one.address != server.address]
        addresses = tuple(sorted({one.address for one in far if one.address}))
        # Whom it calls is told by the address, and who calls it may be anybody.
        nobody = Side(addresses, lambda: ())
        async with self._network.cut(self._near(server), nobody, self._fence(), is_total=True):
            yield

    def _member(self, name: str) -> Member:
        return self._suite.plan.member(self._suite.process(name).server)

    def _is_beside(self, process: Process, server: Member) -> bool:
        other = self._suite.plan.member(process.server)
        return other.database == server.database and other != server

    def _near(self, server: Member) -> Side:
        ours = [one for one in self._suite.processes() if one.name == f"postgres-{server.name}"]
        return Side((server.address,), lambda: self._pids(ours))

    def _fence(self) -> Side:
        """The fence stands on the machine of each server, so that nothing cuts it off."""
        fences = [one for one in self._suite.processes() if one.kind == "fence"]
        return Side((), lambda: self._pids(fences))

    def _side(self, processes: Sequence[Process]) -> Side:
        addresses = tuple(sorted({one.address for one in processes}))
        return Side(addresses, lambda: self._pids(processes))

    def _pids(self, processes: Sequence[Process]) -> Sequence[int]:
        return self._victims.pids(*(one.name for one in processes))

"""The losses that a database with failover must survive: who goes, in which order, and returns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from infra.control.clusters import wait_in_sync
from infra.control.failures import SuiteFailure
from infra.failover.etcd import leading_etcd
from infra.failover.patroni import leading, standings_of
from infra.plan.parts import Database
from prove.links import Links
from prove.victims import Victims
from tests.suite import Suite

SWITCHES = 5
# A replica that is cut off for longer is given up: then writes no longer wait for it.
_CUT_S = 2.0
# The replica lacks what is written in this time, which one disk alone holds.
_ALONE_S = 12.0
# Longer than the ten seconds of a lease, so that somebody else is promoted if anybody can be.
_LOST_S = 15.0


class Losses:
    """Faults of whole machines of a database; each one is given to a process or a database."""

    def __init__(self, suite: Suite, victims: Victims, links: Links) -> None:
        self._suite = suite
        self._victims = victims
        self._links = links

    @asynccontextmanager
    async def stalled(self, name: str) -> AsyncIterator[None]:
        """Freeze a server's machine: Postgres, Patroni, and the fence, which all share here."""
        async with self._victims.frozen(name, *self._named("fence")):
            yield

    @asynccontextmanager
    async def crashed_with_etcd(self, name: str) -> AsyncIterator[None]:
        """Take a server away together with the etcd that leads the others."""
        address = await leading_etcd(self._suite.on_disk)
        first = [one.name for one in self._suite.processes() if one.address == address]
        async with self._victims.away(*first, name):
            yield

    @asynccontextmanager
    async def stranded(self, database: str) -> AsyncIterator[None]:
        """Cut the replica off, and lose the primary while writes still wait for the replica.

        The replica can be reached again during the block, and the primary not yet.
        """
        primary, replica = await self._in_sync(database)
        async with AsyncExitStack() as stack:
            async with self._links.cut(replica):
                await asyncio.sleep(_CUT_S)
                await stack.enter_async_context(self._victims.away(primary))
            yield

    @asynccontextmanager
    async def returned(self, database: str) -> AsyncIterator[None]:
        """Lose the replica, then the primary, and let the replica return alone for the block.

        It lacks what the primary acknowledged alone, so it must not lead.
        """
        primary, replica = await self._in_sync(database)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._victims.away(replica))
            await asyncio.sleep(_ALONE_S)
            # It comes back first, because no replica is healthy without it.
            await stack.enter_async_context(self._victims.away(primary))
            self._suite.begin_start(replica)
            yield

    @asynccontextmanager
    async def relapsed(self, database: str) -> AsyncIterator[None]:
        """Lose a primary, and as soon as it follows again, the one that took over."""
        primary, replica = await self._in_sync(database)
        async with self._victims.away(primary):
            await asyncio.sleep(_LOST_S)
        async with self._victims.away(replica):
            yield

    @asynccontextmanager
    async def shuttled(self, database: str) -> AsyncIterator[None]:
        """Change the primary several times in a row, each time in good order."""
        for _time in range(SWITCHES):
            await asyncio.to_thread(self._suite.operate, "switchover", database)
        yield

    async def _in_sync(self, name: str) -> tuple[str, str]:
        """Wait for a replica in sync; returns the processes of primary and replica."""
        database = self._database(name)
        second = await wait_in_sync(self._suite.on_disk, database)
        first = leading(await standings_of(self._suite.on_disk, database))
        if first is None:
            raise SuiteFailure(f"Nobody leads {name}.")
        return f"postgres-{first.member.name}", f"postgres-{second.member.name}"

    def _named(self, kind: str) -> list[str]:
        return [one.name for one in self._suite.processes() if one.kind == kind]

    def _database(self, name: str) -> Database:
        return next(one for one in self._suite.plan.databases if one.name == name)

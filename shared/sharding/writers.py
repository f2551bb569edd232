"""Opens transactions in shards, and runs what follows their commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg.pool import PoolConnectionProxy

from shared.errors import Unavailable
from shared.network.network import Network
from shared.sharding.connections import PostgresLogin
from shared.sharding.database_faults import DRIVER_ERRORS, NOT_HERE, is_gone, is_lost_connection
from shared.sharding.node_pool import NodePool
from shared.sharding.placement import Placement
from shared.sharding.shard_map import ShardMapFile, schema_of
from shared.sharding.transaction import Transaction, begin, commit, roll_back
from shared.sharding.wake_ups import WakeUps
from shared.tracing.statements import noted_statement


class Writers(Placement):
    """Writes to shards wherever they are, and wakes workers after a commit."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        super().__init__(map_file, login, network, pool_max)
        self.wake_ups = WakeUps()

    @asynccontextmanager
    async def writer(self, shard: int) -> AsyncIterator[Transaction]:
        """Open a transaction that commits at the end of the block, or rolls back if it raises.

        Raises Unavailable if the primary cannot be reached, and its subclass CommitUnknown if the
        outcome of the commit is unknown.
        """
        node, connection = await self._begin(shard)
        transaction = Transaction(shard, node, connection)
        try:
            yield transaction
        except BaseException:
            await roll_back(node, connection)
            raise
        await commit(node, connection)
        await self._after_commit(node, transaction)

    async def close(self) -> None:
        """Send the last wake-ups and close all pools; call once."""
        await self.wake_ups.close()
        await super().close()

    async def _begin(self, shard: int) -> tuple[NodePool, PoolConnectionProxy]:
        schema = schema_of(shard)
        for _attempt in range(3):
            current = self.current()
            node = self.pool_of(current.primary_by_shard[shard])
            connection = await node.acquire(to_write=True)
            try:
                with noted_statement(node.name, "BEGIN"):
                    await begin(connection, schema)
            except NOT_HERE as error:
                await roll_back(node, connection)
                await self.await_move(current, {shard}, error)
            except DRIVER_ERRORS as error:
                closed = is_gone(connection, error)
                await roll_back(node, connection)
                fault = node.fault(error, closed=closed)
                # Nothing was written yet, so a broken connection is replaced and tried again.
                if fault is None or not is_lost_connection(error, closed=closed):
                    raise fault or error from error
            except BaseException:
                await roll_back(node, connection)
                raise
            else:
                return node, connection
        raise Unavailable(f"{self.name} cannot be written to.", retry_after_s=1)

    async def _after_commit(self, node: NodePool, transaction: Transaction) -> None:
        for job in transaction.jobs:
            self.wake_ups.job(node, job)
        if transaction.has_events:
            self.wake_ups.outbox(node, transaction.shard)
        for action in transaction.after_commit:
            await action()

"""Where the shards of a group live: its primaries, the pools to their nodes, what moves."""

import asyncio
import time

from shared.errors import Unavailable
from shared.network.network import Network
from shared.sharding.connections import PostgresLogin
from shared.sharding.database_faults import ShardMoved
from shared.sharding.node_pool import NodePool
from shared.sharding.pool_metrics import SHARDS_MOVED
from shared.sharding.replica_lag import ReplicaLag
from shared.sharding.shard_map import NodeAddress, Primary, ShardMap, ShardMapFile, schema_of

# Between the moment a shard leaves its primary and the moment the map says where it went.
MOVE_SECONDS_MAX = 3.0
_MOVE_POLL_SECONDS = 0.05

_SCHEMAS_HERE = "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[])"


class Placement:
    """Knows each shard's primary, keeps a pool for each node, and follows shards that move."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        self._map_file = map_file
        self._login = login
        self._network = network
        self._pool_max = pool_max
        self._nodes: dict[NodeAddress, NodePool] = {}
        self._lags: dict[NodeAddress, ReplicaLag] = {}
        self.name = map_file.current().group
        self.shard_count = map_file.current().shard_count

    def current(self) -> ShardMap:
        """The present map."""
        return self._map_file.current()

    def shard_of(self, owner_or_item_id: int) -> int:
        """The shard of a user's rows in this group, or of an item made in that user's shard."""
        return self.current().shard_of(owner_or_item_id)

    def shards(self) -> range:
        """All logical shards."""
        return range(self.shard_count)

    def primaries(self) -> list[Primary]:
        """The primaries of the present map."""
        return list(self.current().primaries.values())

    def shards_on(self, primary: str) -> tuple[int, ...]:
        """The shards that a primary holds by the present map."""
        return self.current().shards_on(primary)

    def watch_replicas(self) -> None:
        """Begin to look at all of them now: one that was never seen cannot stand in."""
        for primary in self.primaries():
            self.lag_of(primary)

    def node(self, address: NodeAddress) -> NodePool:
        """The pool of a node; made when it is first asked for, opened when it is first used."""
        pool = self._nodes.get(address)
        if pool is None:
            pool = NodePool(self.name, address, self._login, self._network, self._pool_max)
            self._nodes[address] = pool
        return pool

    def primary_by_name(self, name: str) -> NodePool:
        """The pool of a primary; raises Unavailable if the map no longer has it."""
        primary = self.current().primaries.get(name)
        if primary is None:
            raise Unavailable(f"{name} is no longer in the shard map.")
        return self.node(primary.address)

    def primary_node(self, shard: int) -> NodePool:
        """Where the shard takes writes, by the present map."""
        return self.node(self.current().primary_by_shard[shard].address)

    def lag_of(self, primary: Primary) -> ReplicaLag:
        """How far each of a primary's replicas is known to be behind; watched from then on."""
        lag = self._lags.get(primary.address)
        if lag is None:
            replicas = [self.node(address) for address in primary.replicas]
            lag = ReplicaLag(self.name, self.node(primary.address), replicas)
            self._lags[primary.address] = lag
            lag.watch()
        return lag

    async def await_move(self, before: ShardMap, shards: set[int], error: Exception) -> None:
        """Return once the map names other primaries for the shards that are not where it said.

        Raises `error` if all of them are there, as it then means something else, and ShardMoved
        when the map does not change in time.
        """
        missing = await self._missing(before, shards)
        if not missing:
            raise error
        SHARDS_MOVED.labels(self.name).inc()
        give_up_s = time.monotonic() + MOVE_SECONDS_MAX
        while time.monotonic() < give_up_s:
            now = self._map_file.reload()
            if all(
                now.primary_by_shard[shard].address != before.primary_by_shard[shard].address
                for shard in missing
            ):
                return
            await asyncio.sleep(_MOVE_POLL_SECONDS)
        raise ShardMoved(retry_after_s=1) from error

    async def close(self) -> None:
        """Close what is open; a group is closed once."""
        for lag in self._lags.values():
            await lag.close()
        for node in self._nodes.values():
            await node.close()

    async def _missing(self, by: ShardMap, shards: set[int]) -> set[int]:
        missing = set(shards)
        for primary in {by.primary_by_shard[shard].address for shard in shards}:
            names = [schema_of(shard) for shard in shards]
            found = await self.node(primary).fetch(_SCHEMAS_HERE, (names,))
            here = {row["nspname"] for row in found}
            missing -= {
                shard
                for shard in shards
                if by.primary_by_shard[shard].address == primary and schema_of(shard) in here
            }
        return missing

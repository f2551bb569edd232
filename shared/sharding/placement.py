"""Where the shards of a group are: primaries, connection pools, and shards that move."""

import asyncio
import time
from functools import partial
from typing import NamedTuple

from shared.errors import Unavailable
from shared.network.network import Network
from shared.sharding.connections import PostgresLogin, connect
from shared.sharding.database_faults import ShardMoved
from shared.sharding.leader_session import connect_to_leader
from shared.sharding.leadership import Leadership
from shared.sharding.node_pool import NodePool
from shared.sharding.pool_metrics import SHARDS_MOVED
from shared.sharding.replica_lag import ReplicaLag
from shared.sharding.shard_map import NodeAddress, Primary, ShardMap, ShardMapFile, schema_of

# The longest wait for the new map after a shard has left its primary.
MOVE_SECONDS_MAX = 3.0
_MOVE_POLL_SECONDS = 0.05

_SCHEMAS_HERE = "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[])"


class _Leader(NamedTuple):
    """What this process knows about a primary's leader, and the pool of sessions with it."""

    leadership: Leadership
    pool: NodePool


class Placement:
    """Knows each shard's primary, keeps a pool per node, and follows shards that move."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        self._map_file = map_file
        self._login = login
        self._network = network
        self._pool_max = pool_max
        self._nodes: dict[NodeAddress, NodePool] = {}
        self._leaders: dict[Primary, _Leader] = {}
        self._lags: dict[Primary, ReplicaLag] = {}
        self.name = map_file.current().group
        self.shard_count = map_file.current().shard_count

    def current(self) -> ShardMap:
        """Return the present shard map."""
        return self._map_file.current()

    def shard_of(self, owner_or_item_id: int) -> int:
        """Return the shard of a user's rows, or of an item created in that user's shard."""
        return self.current().shard_of(owner_or_item_id)

    def shards(self) -> range:
        """Return the numbers of all logical shards."""
        return range(self.shard_count)

    def primaries(self) -> list[Primary]:
        """Return the primaries of the present map."""
        return list(self.current().primaries.values())

    def shards_on(self, primary: str) -> tuple[int, ...]:
        """Return a primary's shards by the present map."""
        return self.current().shards_on(primary)

    def watch_replicas(self) -> None:
        """Start to watch all replicas, because only a watched one can stand in for its primary."""
        for primary in self.primaries():
            self.lag_of(primary)

    def node(self, address: NodeAddress) -> NodePool:
        """Return the pool of a member; it is made on demand and connects at first use."""
        pool = self._nodes.get(address)
        if pool is None:
            dial = partial(connect, address, self._login, self._network)
            pool = NodePool(self.name, address.host, dial, self._pool_max)
            self._nodes[address] = pool
        return pool

    def pool_of(self, primary: Primary) -> NodePool:
        """Return the pool of a primary's leader, which reads and writes."""
        return self._leader(primary).pool

    def primary_by_name(self, name: str) -> NodePool:
        """Return a primary's pool; raises Unavailable if the map no longer has the primary."""
        primary = self.current().primaries.get(name)
        if primary is None:
            raise Unavailable(f"{name} is no longer in the shard map.")
        return self.pool_of(primary)

    def primary_node(self, shard: int) -> NodePool:
        """Return the pool of the shard's primary by the present map."""
        return self.pool_of(self.current().primary_by_shard[shard])

    def lag_of(self, primary: Primary) -> ReplicaLag:
        """Return the lag of a primary's replicas; the first call starts to watch them."""
        lag = self._lags.get(primary)
        if lag is None:
            leader = self._leader(primary)
            pools = {member: self.node(member) for member in primary.replicas}
            if primary.leader is not None:
                pools[primary.leader] = leader.pool
            lag = ReplicaLag(self.name, leader.leadership, pools)
            self._lags[primary] = lag
            lag.watch()
        return lag

    async def await_move(self, before: ShardMap, shards: set[int], error: Exception) -> None:
        """Wait until the map names new primaries for those of `shards` that have left theirs.

        Raises `error` if no shard has left, because the error then has another cause. Raises
        ShardMoved if the map does not change in time.
        """
        missing = await self._missing(before, shards)
        if not missing:
            raise error
        SHARDS_MOVED.labels(self.name).inc()
        give_up_s = time.monotonic() + MOVE_SECONDS_MAX
        while time.monotonic() < give_up_s:
            now = self._map_file.reload()
            if all(
                now.primary_by_shard[shard].candidates != before.primary_by_shard[shard].candidates
                for shard in missing
            ):
                return
            await asyncio.sleep(_MOVE_POLL_SECONDS)
        raise ShardMoved(retry_after_s=1) from error

    async def close(self) -> None:
        """Close all pools; call once."""
        for lag in self._lags.values():
            await lag.close()
        for pool in (*self._nodes.values(), *(leader.pool for leader in self._leaders.values())):
            await pool.close()

    def _leader(self, primary: Primary) -> "_Leader":
        leader = self._leaders.get(primary)
        if leader is None:
            leadership = Leadership(self.name, primary)
            name = primary.leader.host if primary.leader else primary.name
            dial = partial(connect_to_leader, leadership, self._login, self._network)
            leader = _Leader(leadership, NodePool(self.name, name, dial, self._pool_max))
            self._leaders[primary] = leader
        return leader

    async def _missing(self, by: ShardMap, shards: set[int]) -> set[int]:
        missing = set(shards)
        for primary in {by.primary_by_shard[shard] for shard in shards}:
            names = [schema_of(shard) for shard in shards]
            found = await self.pool_of(primary).fetch(_SCHEMAS_HERE, (names,))
            here = {row["nspname"] for row in found}
            missing -= {
                shard
                for shard in shards
                if by.primary_by_shard[shard] == primary and schema_of(shard) in here
            }
        return missing

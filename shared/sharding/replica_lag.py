"""Measures how far each replica is behind its primary."""

import asyncio
import time
from collections import deque

from shared.errors import AppError
from shared.sharding.node_pool import NodePool
from shared.sharding.pool_metrics import REPLICA_LAG_MS

SAMPLE_SECONDS = 0.5
_SAMPLES = 120

_WRITTEN = "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint"
_REPLAYED = "SELECT (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint"


class ReplicaLag:
    """Compares WAL positions, so it needs no clock but our own.

    Suppose that the primary reports a position at time t, and the replica has replayed it. Then the
    replica holds everything that was committed before t. While the primary is silent, the last such
    proof grows older, and the lag grows with it.
    """

    def __init__(self, group: str, primary: NodePool, replicas: list[NodePool]) -> None:
        self._group = group
        self._primary = primary
        self._replicas = replicas
        self._written: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)
        self._current_at_s: dict[NodePool, float] = {}
        self._sampling: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Start to sample every SAMPLE_SECONDS, unless there are no replicas."""
        if self._sampling is None and self._replicas:
            self._sampling = asyncio.create_task(self._sample_for_ever())

    def stand_in(self) -> NodePool | None:
        """Return a replica that holds everything up to the primary's last sample, or None."""
        if not self._written:
            return None
        last_seen_s, _position = self._written[-1]
        held = (node for node, at_s in self._current_at_s.items() if at_s >= last_seen_s)
        return next(held, None)

    def fresh_replica(self, lag_ms_max: int) -> NodePool | None:
        """Return the freshest replica if its lag is within the bound, else None."""
        if not self._replicas:
            return None
        best = max(self._replicas, key=lambda node: self._current_at_s.get(node, 0.0))
        return best if self.lag_ms(best) <= lag_ms_max else None

    def lag_ms(self, replica: NodePool) -> float:
        """Return the age of the newest proven state; infinite before the first proof."""
        current_at_s = self._current_at_s.get(replica)
        return float("inf") if current_at_s is None else (time.monotonic() - current_at_s) * 1000

    async def sample(self) -> None:
        """Take the primary's position, then the replicas'."""
        asked_s = time.monotonic()
        try:
            rows = await self._primary.fetch(_WRITTEN, ())
            self._written.append((asked_s, rows[0][0]))
        except AppError:
            # Without a new proof the lag grows until it exceeds the readers' bounds.
            pass
        for replica in self._replicas:
            await self._look_at(replica)

    async def _look_at(self, replica: NodePool) -> None:
        try:
            replayed = (await replica.fetch(_REPLAYED, ()))[0][0]
        except AppError:
            self._current_at_s.pop(replica, None)
        else:
            proofs = [at_s for at_s, position in self._written if position <= (replayed or 0)]
            if proofs:
                self._current_at_s[replica] = max(proofs)
        REPLICA_LAG_MS.labels(self._group, replica.name).set(self.lag_ms(replica))

    async def _sample_for_ever(self) -> None:
        while True:
            await self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    async def close(self) -> None:
        """Stop sampling."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.wait({self._sampling})

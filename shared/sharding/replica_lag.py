"""Measures how far each replica is behind its primary, and whether the members agree who leads."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextvars import Context
from typing import NamedTuple

from shared.deadlines import deadline_within
from shared.errors import AppError
from shared.logs import get_logger
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.leader_session import TIMELINE
from shared.sharding.leadership import Leadership
from shared.sharding.node_pool import NodePool
from shared.sharding.pool_metrics import REPLICA_LAG_SECONDS
from shared.sharding.shard_map import NodeAddress

SAMPLE_SECONDS = 0.5
_SAMPLES = 120
# A member that does not answer must not hold up the samples of the others.
_ASK_MS_MAX = 1_000.0

# A follower's control file may name an older timeline than the follower has reached, until its next
# restart point, but never a newer one.
_STATE = f"""
SELECT follows,
       CASE WHEN follows THEN (SELECT greatest(c.timeline_id, r.min_recovery_end_timeline)
                                 FROM pg_control_checkpoint() AS c, pg_control_recovery() AS r)
            ELSE {TIMELINE} END AS timeline,
       (CASE WHEN follows THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
         - '0/0'::pg_lsn)::bigint AS position
  FROM pg_is_in_recovery() AS follows
"""  # noqa: S608 - no values

log = get_logger()


class MemberState(NamedTuple):
    """What a member says about itself; the position is written if it leads, else replayed."""

    follows: bool
    timeline: int
    position: int


class ReplicaLag:
    """Compares WAL positions of one timeline, so it needs no clock but our own.

    Suppose that the leader reports a position at time t, and a replica has replayed it. Then the
    replica holds everything that was committed before t. While the leader is silent, the last such
    proof grows older, and the lag grows with it. A promotion begins a timeline, on which positions
    of an older one prove nothing.
    """

    def __init__(
        self, group: str, leadership: Leadership, pools: Mapping[NodeAddress, NodePool]
    ) -> None:
        self._group = group
        self._leadership = leadership
        self._pools = pools
        self._timeline = 0
        self._agreed = False
        self._written: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)
        self._current_at_s: dict[NodeAddress, float] = {}
        self._silent: set[NodeAddress] = set()
        self._sampling: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Start to sample every SAMPLE_SECONDS, unless there are no replicas."""
        if self._sampling is None and len(self._pools) > 1:
            # The deadline of the request that asks first must not end the samples.
            self._sampling = asyncio.create_task(self._sample_for_ever(), context=Context())

    def stand_in(self) -> NodePool | None:
        """Return a replica that holds everything up to the leader's last sample, or None."""
        if not self._agreed or not self._written:
            return None
        last_seen_s, _position = self._written[-1]
        held = (node for node, at_s in self._current_at_s.items() if at_s >= last_seen_s)
        member = next(held, None)
        return None if member is None else self._pools[member]

    def fresh_replica(self, lag_ms_max: int) -> NodePool | None:
        """Return the freshest replica if its lag is within the bound, else None."""
        if not self._agreed or not self._current_at_s:
            return None
        best = max(self._current_at_s, key=self._current_at_s.__getitem__)
        return self._pools[best] if self.lag_ms(best) <= lag_ms_max else None

    def lag_ms(self, replica: NodeAddress) -> float:
        """Return the age of the newest proven state; infinite before the first proof."""
        current_at_s = self._current_at_s.get(replica)
        return float("inf") if current_at_s is None else (time.monotonic() - current_at_s) * 1000

    async def sample(self) -> None:
        """Take the leader's position, then that of all others."""
        asked_s = time.monotonic()
        leader = self._leadership.leader
        others = [member for member in self._pools if member != leader]
        states = {leader: await self._state_of(leader)}
        states |= zip(others, await asyncio.gather(*map(self._state_of, others)), strict=True)
        self.weigh(asked_s, {member: state for member, state in states.items() if state})

    def weigh(self, asked_s: float, states: Mapping[NodeAddress, MemberState]) -> None:
        """Draw conclusions from the members that answered; the first was asked at `asked_s`."""
        self._take_position(asked_s, states)
        self._agreed = all(
            state.timeline <= self._timeline
            and (state.follows or member == self._leadership.leader)
            for member, state in states.items()
        )
        for member in self._pools:
            self._take_proof(member, states.get(member))

    def _take_position(self, asked_s: float, states: Mapping[NodeAddress, MemberState]) -> None:
        claims = [(s.timeline, member) for member, s in states.items() if not s.follows]
        for timeline, member in sorted(claims, key=lambda claim: -claim[0])[:1]:
            if not self._leadership.accepts(member, timeline):
                return
            self._leadership.learn(member, timeline)
            if timeline != self._timeline:
                self._timeline = timeline
                self._written.clear()
                self._current_at_s.clear()
            self._written.append((asked_s, states[member].position))

    def _take_proof(self, member: NodeAddress, state: MemberState | None) -> None:
        if state is None or not state.follows or state.timeline != self._timeline:
            self._current_at_s.pop(member, None)
        else:
            proofs = [at_s for at_s, position in self._written if position <= state.position]
            if proofs:
                self._current_at_s[member] = max(proofs)
        # Who is promoted must not keep the lag that it had as a replica.
        lag_s = 0.0 if member == self._leadership.leader else self.lag_ms(member) / 1000
        REPLICA_LAG_SECONDS.labels(self._group, member.host).set(lag_s)

    async def _state_of(self, member: NodeAddress) -> MemberState | None:
        try:
            with deadline_within(_ASK_MS_MAX):
                (row,) = await self._pools[member].fetch(_STATE, ())
        except (AppError, *DRIVER_ERRORS) as error:
            # Without a new proof the lag grows until it exceeds the readers' bounds. A member that
            # is promoted at this moment may fail one statement.
            if member not in self._silent:
                self._silent.add(member)
                log.warning("a member is silent", member=member.host, reason=repr(error))
            return None
        self._silent.discard(member)
        return MemberState(row["follows"], row["timeline"], row["position"] or 0)

    async def _sample_for_ever(self) -> None:
        while True:
            try:
                await self.sample()
            except Exception:
                # Without samples no replica would answer again, so none may be the last.
                log.exception("a sample of the members failed", primary=self._leadership.name)
            await asyncio.sleep(SAMPLE_SECONDS)

    async def close(self) -> None:
        """Stop sampling."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.wait({self._sampling})

"""Which member of a primary leads, as far as this process knows."""

import asyncpg

from shared.logs import get_logger
from shared.sharding.pool_metrics import LEADER_CHANGES
from shared.sharding.shard_map import NodeAddress, Primary

log = get_logger()


class Leadership:
    """The last known leader of a primary with its timeline, and the sessions on its members.

    Each promotion begins a timeline, so a timeline has one leader for good. Whoever claims to lead
    an older timeline was replaced, and does not know it yet.
    """

    def __init__(self, group: str, primary: Primary) -> None:
        self.name = primary.name
        self.leader = primary.candidates[0]
        self.timeline = 0
        self._group = group
        self._candidates = primary.candidates
        self._sessions: dict[asyncpg.Connection, NodeAddress] = {}

    @property
    def is_elected(self) -> bool:
        """Whether the leader may change without a new shard map."""
        return len(self._candidates) > 1

    def in_order(self) -> list[NodeAddress]:
        """Return all candidates, the last known leader first."""
        return sorted(self._candidates, key=lambda member: member != self.leader)

    def accepts(self, member: NodeAddress, timeline: int) -> bool:
        """Whether a member that claims to lead may be believed."""
        if not self.is_elected or timeline > self.timeline:
            return True
        return (member, timeline) == (self.leader, self.timeline)

    def learn(self, member: NodeAddress, timeline: int) -> None:
        """Take note of an accepted leader, and end all sessions on other members.

        Those may hang, or read from a server that does not know yet that it was replaced.
        """
        is_another, knew = member != self.leader, self.timeline > 0
        self.leader, self.timeline = member, timeline
        if not is_another:
            return
        if knew:
            LEADER_CHANGES.labels(self._group, self.name).inc()
            log.warning("a primary has a new leader", primary=self.name, leader=member.host)
        for session, place in list(self._sessions.items()):
            if place != member:
                session.terminate()

    def keep(self, session: asyncpg.Connection, member: NodeAddress) -> None:
        """Hold a session on a member, in order to end it when another member leads."""

        def forget(_session_or_proxy: object) -> None:
            self._sessions.pop(session, None)

        self._sessions[session] = member
        session.add_termination_listener(forget)

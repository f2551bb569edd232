"""Opens a session on the member of a primary that leads, whichever that is at the moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import asyncpg

from shared.errors import AppError
from shared.network.network import Network
from shared.sharding.connections import CONNECT_SECONDS, Connection, PostgresLogin, connect
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.leadership import Leadership
from shared.sharding.shard_map import NodeAddress

# A member that works opens a session within 30 ms, and within 200 ms on a busy machine. One that
# takes longer may be frozen, so the next one is asked as well.
RACE_SECONDS = 0.3

# Right after a promotion the control file still has the old timeline, but WAL has the new one.
TIMELINE = "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
_TIMELINE = f"SELECT {TIMELINE}"


class _Claim(NamedTuple):
    """A session on a member that says that it leads."""

    member: NodeAddress
    session: asyncpg.Connection
    timeline: int


_Ask = Callable[[NodeAddress], Awaitable[_Claim]]


async def connect_to_leader(
    leadership: Leadership, login: PostgresLogin, network: Network, **options: Any
) -> asyncpg.Connection:
    """Open a session on the leader; raises one of DRIVER_ERRORS or Unavailable.

    `options` are as for `connect`. A leader that refuses writes at the moment, because its disk is
    short of space, still serves reads, so it is taken if no other member leads.
    """

    async def dial(member: NodeAddress) -> asyncpg.Connection:
        # The server tells each new session whether it follows, without a round trip.
        return await connect(member, login, network, target_session_attrs="primary", **options)

    async def ask(member: NodeAddress) -> _Claim:
        session = await dial(member)
        try:
            return _Claim(member, session, await session.fetchval(_TIMELINE))
        except BaseException:
            session.terminate()
            raise

    if leadership.is_elected:
        async with asyncio.timeout(CONNECT_SECONDS):
            session = await _Race(leadership, ask).winner()
    else:
        session = await dial(leadership.leader)
    if isinstance(session, Connection):
        session.opened_to_write = _takes_writes(session)
    return session


class _Race:
    """Asks the last known leader, and the next member whenever nobody has proved to lead yet."""

    def __init__(self, leadership: Leadership, ask: _Ask) -> None:
        self._leadership = leadership
        self._ask = ask
        self._waiting = leadership.in_order()
        self._running: set[asyncio.Future[_Claim]] = set()
        self._reluctant: list[_Claim] = []
        self._refusal: BaseException = ConnectionRefusedError("no member leads")

    async def winner(self) -> asyncpg.Connection:
        try:
            while self._waiting or self._running:
                if self._waiting:
                    self._running.add(asyncio.ensure_future(self._ask(self._waiting.pop(0))))
                patience_s = RACE_SECONDS if self._waiting or self._reluctant else None
                answered, _late = await asyncio.wait(
                    self._running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                for found in filter(None, map(self._claim_of, answered)):
                    return self._take(found)
                if not answered and not self._waiting:
                    break
            if self._reluctant:
                return self._take(self._reluctant.pop())
            raise self._refusal
        finally:
            self._end_others()

    def _claim_of(self, answered: asyncio.Future[_Claim]) -> _Claim | None:
        """Return a claim to lead and to take writes; keep or end any other."""
        self._running.discard(answered)
        try:
            claim = answered.result()
        except (AppError, *DRIVER_ERRORS) as error:
            self._refusal = error
            return None
        if not self._leadership.accepts(claim.member, claim.timeline):
            claim.session.terminate()
            self._refusal = ConnectionRefusedError(f"{claim.member.host} was replaced")
            return None
        if _takes_writes(claim.session):
            return claim
        self._reluctant.append(claim)
        return None

    def _take(self, claim: _Claim) -> asyncpg.Connection:
        self._leadership.learn(claim.member, claim.timeline)
        self._leadership.keep(claim.session, claim.member)
        return claim.session

    def _end_others(self) -> None:
        for claim in self._reluctant:
            claim.session.terminate()
        for asking in self._running:
            asking.add_done_callback(_end)
            asking.cancel()


def _end(asking: asyncio.Future[_Claim]) -> None:
    """End the session of a member that answered when nobody waited any more."""
    if not asking.cancelled() and asking.exception() is None:
        asking.result().session.terminate()


def _takes_writes(session: asyncpg.Connection) -> bool:
    return bool(session.get_settings().default_transaction_read_only == "off")

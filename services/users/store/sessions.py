"""Sessions in their user's shard: the truth, of which Redis holds copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asyncpg import Record

from services.users.domain.session_tokens import SessionTokens, token_hash
from services.users.domain.sessions import (
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    SESSIONS_PER_USER_MAX,
    Session,
    TokenPair,
)
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class NewSession:
    """Who signs in, on which device, and when."""

    user_id: int
    device: str
    now: datetime


async def find_sessions(group: ShardGroup, session_ids: Sequence[int]) -> dict[int, Session]:
    """Sessions by id, ended or not; always from the primary, because an end counts at once."""
    shards = {group.shard_of(session_id) for session_id in session_ids}
    rows = await group.rows_across(_SQL["sessions"], shards, ids=list(session_ids))
    return {row["id"]: _session(row) for row in rows}


async def live_sessions(group: ShardGroup, user_id: int, now: datetime) -> list[Session]:
    """The signed-in devices of a user, the last refreshed first."""
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL["live_sessions"],
        user_id=user_id,
        issued_after=now - REFRESH_LIFETIME,
        created_after=now - SESSION_LIFETIME,
        limit=SESSIONS_PER_USER_MAX,
    )
    return [_session(row) for row in rows]


async def insert_session(tx: Transaction, new: NewSession, tokens: SessionTokens) -> Session:
    """Open a session with its first pair of tokens."""
    session_id = await tx.value(_SQL["new_session_id"])
    pair = pair_of_tokens(tokens, session_id, 1, new.now)
    await tx.execute(
        _SQL["insert_session"],
        id=session_id,
        user_id=new.user_id,
        device=new.device,
        now=new.now,
        access_hash=pair.access_hash,
        refresh_hash=pair.refresh_hash,
    )
    return Session(session_id, new.user_id, new.device, new.now, pair)


async def end_surplus_sessions(tx: Transaction, user_id: int, now: datetime) -> list[int]:
    """End sessions beyond the limit per user, and return their ids."""
    rows = await tx.rows(
        _SQL["end_surplus_sessions"], user_id=user_id, now=now, kept=SESSIONS_PER_USER_MAX
    )
    return [row["id"] for row in rows]


async def lock_session(tx: Transaction, session_id: int) -> Session | None:
    """The session, locked until the transaction ends; None if unknown."""
    row = await tx.row(_SQL["session_for_update"], id=session_id)
    return None if row is None else _session(row)


async def rotate_session(
    tx: Transaction, session: Session, tokens: SessionTokens, now: datetime
) -> Session:
    """Give the locked session its next pair of tokens."""
    pair = pair_of_tokens(tokens, session.id, session.current.generation + 1, now)
    await tx.execute(
        _SQL["rotate"],
        id=session.id,
        now=now,
        access_hash=pair.access_hash,
        refresh_hash=pair.refresh_hash,
    )
    return Session(
        session.id, session.user_id, session.device, session.created_at, pair, session.current
    )


async def end_session(
    tx: Transaction, session_id: int, *, user_id: int, now: datetime, reason: str
) -> bool:
    """End one session of this user; False if there is none or it has ended already."""
    ended = await tx.value(
        _SQL["end_session"], id=session_id, user_id=user_id, now=now, reason=reason
    )
    return ended is not None


async def is_session_of(tx: Transaction, session_id: int, user_id: int) -> bool:
    """Whether it is or was a session of this user."""
    found: bool = await tx.value(_SQL["is_session_of"], id=session_id, user_id=user_id)
    return found


async def end_sessions_except(
    tx: Transaction, kept_id: int, *, user_id: int, now: datetime, reason: str
) -> list[int]:
    """End all sessions of a user except one, and return their ids."""
    rows = await tx.rows(
        _SQL["end_sessions_except"], user_id=user_id, kept_id=kept_id, now=now, reason=reason
    )
    return [row["id"] for row in rows]


def pair_of_tokens(
    tokens: SessionTokens, session_id: int, generation: int, issued_at: datetime
) -> TokenPair:
    """The hashes to store for the tokens of one generation."""
    return TokenPair(
        generation,
        issued_at,
        token_hash(tokens.token("access", session_id, generation)),
        token_hash(tokens.token("refresh", session_id, generation)),
    )


def _session(row: Record) -> Session:
    generation = row["generation"]
    previous = None
    if row["previous_issued_at"] is not None:
        previous = TokenPair(
            generation - 1,
            row["previous_issued_at"],
            row["previous_access_hash"],
            row["previous_refresh_hash"],
        )
    current = TokenPair(generation, row["issued_at"], row["access_hash"], row["refresh_hash"])
    return Session(
        row["id"],
        row["user_id"],
        row["device"],
        row["created_at"],
        current,
        previous,
        row["ended_at"],
    )

"""Checks access tokens: in Redis if it knows the session, else in Postgres."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from services.users.domain.session_tokens import SessionTokens, TokenClaim, token_hash
from services.users.domain.sessions import AccessFault, Session, access_expiry, access_fault
from services.users.store.session_cache import Ended, SessionCache
from services.users.store.sessions import find_sessions
from shared.contracts.people import SessionAnswer, SessionCheck
from shared.errors import Unavailable
from shared.sharding.primaries import apart_by_primary
from shared.sharding.shard_group import ShardGroup

_UNKNOWN: SessionAnswer = {"state": "unknown", "session": None}


async def check_sessions(
    group: ShardGroup, cache: SessionCache, tokens: SessionTokens, access_tokens: Sequence[str]
) -> list[SessionAnswer]:
    """An answer for each token, in order; one token's fault does not affect the others.

    For any number of tokens it costs one Redis command, and one statement for each primary with
    unknown sessions. Tokens of a lost primary are answered as unknown.
    """
    claims = [tokens.read("access", token) for token in access_tokens]
    found, unknown = await _find(group, cache, [claim for claim in claims if claim is not None])
    now = datetime.now(UTC)

    def answer(claim: TokenClaim | None, token: str) -> SessionAnswer:
        if claim is not None and claim.session_id in unknown:
            return _UNKNOWN
        if claim is None:
            return _refused("made_up")
        session = found.get(claim.session_id)
        if session is None:
            return _refused("ended")
        expiry = access_expiry(session, claim.generation, token_hash(token), now)
        if expiry is None:
            return _refused(access_fault(session, claim.generation, token_hash(token), now))
        return _good(session, expiry)

    return [answer(claim, token) for claim, token in zip(claims, access_tokens, strict=True)]


def _refused(fault: AccessFault) -> SessionAnswer:
    return {"state": fault, "session": None}


def _good(session: Session, expiry: datetime) -> SessionAnswer:
    check: SessionCheck = {
        "user_id": session.user_id,
        "session_id": session.id,
        "expires_at_ms": int(expiry.timestamp() * 1000),
    }
    return {"state": "good", "session": check}


async def _find(
    group: ShardGroup, cache: SessionCache, claims: Sequence[TokenClaim]
) -> tuple[Mapping[int, Session], set[int]]:
    """Sessions by id, and the ids of those whose primary is away."""
    copies = await cache.find_many({claim.session_id for claim in claims})
    # A copy older than the refresh that made this token does not know the token.
    wanted = {
        claim.session_id
        for claim in claims
        if not _is_current(copies.get(claim.session_id), claim.generation)
    }
    found = {key: copy for key, copy in copies.items() if isinstance(copy, Session)}
    if not wanted:
        return found, set()
    read, unknown = await _read(group, wanted)
    await cache.remember([session for session in read.values() if session.ended_at is None])
    return {**found, **read}, unknown


def _is_current(copy: Session | Ended | None, generation: int) -> bool:
    return isinstance(copy, Ended) or (copy is not None and copy.current.generation >= generation)


async def _read(
    group: ShardGroup, session_ids: Iterable[int]
) -> tuple[Mapping[int, Session], set[int]]:
    parts = apart_by_primary(group, session_ids)
    replies = await asyncio.gather(
        *(find_sessions(group, part) for part in parts), return_exceptions=True
    )
    read: dict[int, Session] = {}
    unknown: set[int] = set()
    for part, reply in zip(parts, replies, strict=True):
        if isinstance(reply, Unavailable):
            unknown.update(part)
        elif isinstance(reply, BaseException):
            raise reply
        else:
            read.update(reply)
    return read, unknown

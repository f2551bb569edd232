"""Says whom an access token stands for: from Redis if it knows, else from the truth."""

from datetime import UTC, datetime

from services.users.domain.session_tokens import SessionTokens, TokenClaim, token_hash
from services.users.domain.sessions import Session, SessionEnded, access_expiry
from services.users.store.session_cache import Ended, SessionCache
from services.users.store.sessions import find_session
from shared.contracts.people import SessionCheck
from shared.sharding.shard_group import ShardGroup


async def check_session(
    group: ShardGroup, cache: SessionCache, tokens: SessionTokens, access_token: str
) -> SessionCheck:
    """The user and session of a token; raises SessionEnded for everything that is not good now."""
    claim = tokens.read("access", access_token)
    if claim is None:
        raise SessionEnded
    session = await _find(group, cache, claim)
    if session is None:
        raise SessionEnded
    now = datetime.now(UTC)
    expiry = access_expiry(session, claim.generation, token_hash(access_token), now)
    if expiry is None:
        raise SessionEnded
    return {
        "user_id": session.user_id,
        "session_id": session.id,
        "expires_at_ms": int(expiry.timestamp() * 1000),
    }


async def _find(group: ShardGroup, cache: SessionCache, claim: TokenClaim) -> Session | None:
    copy = await cache.find(claim.session_id)
    if isinstance(copy, Ended):
        return None
    # A copy from before the refresh that made this token does not know it.
    if copy is not None and copy.current.generation >= claim.generation:
        return copy
    session = await find_session(group, claim.session_id)
    if session is not None and session.ended_at is None:
        await cache.remember(session)
    return session

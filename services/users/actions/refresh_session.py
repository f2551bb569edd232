"""Exchanges a refresh token for the next pair of tokens, once; the reply is repeatable."""

from datetime import UTC, datetime

from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.domain.session_tokens import SessionTokens, token_hash
from services.users.domain.sessions import Session, refresh_outcome
from services.users.domain.signed_in import token_reply
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_session, lock_session, rotate_session
from shared.contracts import people as contract
from shared.errors import SessionEnded, TokenUnknown
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction


async def refresh_session(
    group: ShardGroup, cache: SessionCache, tokens: SessionTokens, refresh_token: str
) -> contract.Session:
    """The session with its new tokens; raises SessionEnded, or TokenUnknown for a made-up token.

    Within the grace period the same token gets the same successor. Later, or after the successor
    was used, it counts as stolen and the session ends.
    """
    claim = tokens.read("refresh", refresh_token)
    if claim is None:
        raise TokenUnknown
    now = datetime.now(UTC)
    async with group.writer(group.shard_of(claim.session_id)) as tx:
        session = await lock_session(tx, claim.session_id)
        if session is None:
            raise SessionEnded
        outcome = refresh_outcome(session, claim.generation, token_hash(refresh_token), now)
        if outcome == "rotate":
            session = await rotate_session(tx, session, tokens, now)
        elif outcome == "end":
            await _end(tx, session, now)
    if outcome == "end":
        await cache.mark_ended([claim.session_id])
    if outcome in {"end", "refuse"}:
        raise SessionEnded
    return token_reply(tokens, session.id, session.current, session.created_at)


async def _end(tx: Transaction, session: Session, now: datetime) -> None:
    await end_session(tx, session.id, user_id=session.user_id, now=now, reason="token_reused")
    await tx.publish(SESSIONS_TOPIC, {"ended": [session.id]})

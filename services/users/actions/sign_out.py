"""Ends one session of a user."""

from datetime import UTC, datetime

from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_session, is_session_of
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def sign_out(group: ShardGroup, cache: SessionCache, user_id: int, session_id: int) -> None:
    """End it everywhere; an ended one stays so. Raises NotFound if it is not theirs."""
    if group.shard_of(session_id) != group.shard_of(user_id):
        raise NotFound
    async with group.writer(group.shard_of(user_id)) as tx:
        now = datetime.now(UTC)
        if await end_session(tx, session_id, user_id=user_id, now=now, reason="signed_out"):
            await tx.publish(SESSIONS_TOPIC, {"ended": [session_id]})
        elif not await is_session_of(tx, session_id, user_id):
            raise NotFound
    # At once if Redis answers; otherwise the relay repeats the event until it does.
    await cache.mark_ended([session_id])

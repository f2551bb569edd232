"""Suspends accounts that harm others and reinstates them, for operators."""

from datetime import UTC, datetime

from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.store.accounts import reinstate_account
from services.users.store.accounts import suspend_account as mark_suspended
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_sessions_except
from shared.sharding.shard_group import ShardGroup

_NO_SESSION = 0


async def suspend_account(group: ShardGroup, cache: SessionCache, user_id: int) -> bool:
    """End all sessions and hide the account; False if there is none or it is suspended already.

    Everything it published depends on its card and is hidden too; nothing is lost.
    """
    async with group.writer(group.shard_of(user_id)) as tx:
        if not await mark_suspended(tx, user_id):
            return False
        ended = await end_sessions_except(
            tx, _NO_SESSION, user_id=user_id, now=datetime.now(UTC), reason="suspended"
        )
        await tx.publish(SESSIONS_TOPIC, {"ended": ended})
    # At once if Redis answers; otherwise the relay repeats the event until it does.
    await cache.mark_ended(ended)
    return True


async def reinstate(group: ShardGroup, user_id: int) -> bool:
    """Undo a suspension, except for the ended sessions; False if the account is not suspended."""
    async with group.writer(group.shard_of(user_id)) as tx:
        return await reinstate_account(tx, user_id)

"""Deletes the viewer's account: hidden at once, and erased from every service by a job."""

import secrets

from services.users.actions.erase_account import ERASE_JOB
from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.actions.tell_feed import graph_event
from services.users.domain.passwords import WrongPassword
from services.users.domain.receipts import Receipt
from services.users.store.accounts import Credentials, find_credentials
from services.users.store.deletions import delete_sessions, void_account
from services.users.store.password_guard import PasswordGuard
from services.users.store.session_cache import SessionCache
from shared.sharding.shard_group import ShardGroup

# The gateway trusts a session check for at most 5 s, and what it admits until then may write for
# 10 s more. By then nothing of the account is under way, so what is erased stays erased.
ERASE_DELAY_S = 16.0


async def delete_account(
    group: ShardGroup, passwords: PasswordGuard, cache: SessionCache, user_id: int, password: str
) -> Receipt:
    """Delete it; raises WrongPassword, also for a missing account, and TooManyGuesses."""
    known = await find_credentials(group, user_id)
    verified = await passwords.prove_signed_in(user_id, known, password)
    receipt = await _take_away(group, cache, verified)
    if receipt is None:
        raise WrongPassword
    return receipt


async def delete_again(group: ShardGroup, cache: SessionCache, user_id: int) -> bool:
    """Delete an account that a restore brought back; False if there is none.

    It needs no password: the owner gave it at the first deletion.
    """
    known = await find_credentials(group, user_id)
    return known is not None and await _take_away(group, cache, known) is not None


async def _take_away(
    group: ShardGroup, cache: SessionCache, verified: Credentials
) -> Receipt | None:
    """None if the account is gone or its password has changed meanwhile."""
    user_id = verified.user_id
    receipt = Receipt(user_id, secrets.token_urlsafe(24))
    async with group.writer(group.shard_of(user_id)) as tx:
        if not await void_account(tx, verified, receipt):
            return None
        ended = await delete_sessions(tx, user_id)
        await tx.publish(SESSIONS_TOPIC, {"ended": ended})
        # The only event of its kind and pair, so any version will do.
        await tx.publish(*graph_event("deletion", user_id, user_id, 1))
        await tx.enqueue(ERASE_JOB, {"user_id": user_id}, delay_s=ERASE_DELAY_S)
    # At once if Redis answers; otherwise the relay repeats the event until it does.
    await cache.mark_ended(ended)
    return receipt

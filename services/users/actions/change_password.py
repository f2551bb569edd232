"""Changes a password and ends every session except the caller's."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.domain.mails import Mail
from services.users.domain.passwords import WrongPassword, password_fault
from services.users.store.accounts import change_password_hash, find_credentials
from services.users.store.mails import queue_mail
from services.users.store.password_guard import PasswordGuard
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_sessions_except
from shared.errors import FieldError, Invalid
from shared.sharding.shard_group import ShardGroup


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """`kept_session_id` names the session that continues."""

    current_password: str
    new_password: str
    kept_session_id: int


async def change_password(
    group: ShardGroup,
    passwords: PasswordGuard,
    cache: SessionCache,
    user_id: int,
    change: PasswordChange,
) -> None:
    """Change it; raises WrongPassword and TooManyGuesses for the current password.

    Raises Invalid for the new one.
    """
    known = await find_credentials(group, user_id)
    names = () if known is None else (known.username, known.email)
    fault = password_fault(change.new_password, *names)
    if fault is not None:
        raise Invalid(errors=[FieldError("new_password", fault)])
    verified = await passwords.prove_signed_in(user_id, known, change.current_password)
    new_hash = await passwords.hash(change.new_password)
    async with group.writer(group.shard_of(user_id)) as tx:
        if not await change_password_hash(tx, verified, new_hash):
            raise WrongPassword
        ended = await end_sessions_except(
            tx,
            change.kept_session_id,
            user_id=user_id,
            now=datetime.now(UTC),
            reason="password_changed",
        )
        await tx.publish(SESSIONS_TOPIC, {"ended": ended})
        if verified.is_verified:
            news = Mail(user_id, "password_changed", verified.email, verified.language)
            await queue_mail(tx, news)
    # At once if Redis answers; otherwise the relay repeats the event until it does.
    await cache.mark_ended(ended)

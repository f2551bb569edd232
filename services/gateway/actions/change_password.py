"""A new password: every other session ends, on this replica at once."""

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.clients.users import UsersClient


async def change_password(
    users: UsersClient, sessions: SessionChecks, current: CurrentSession, passwords: dict[str, str]
) -> None:
    """`passwords` holds the current and the new one; only the session of this request goes on."""
    try:
        await users.change_password(
            {**passwords, "session_id": current.id}, viewer_id=current.user_id
        )
    finally:
        # Also when the reply got lost: the others may have ended.
        sessions.forget(current.user_id)

"""Changes the password; every other session ends, on this replica at once."""

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.clients.users import UsersClient


async def change_password(
    users: UsersClient, sessions: SessionChecks, current: CurrentSession, passwords: dict[str, str]
) -> None:
    """Change it; `passwords` holds the current and the new one.

    Only this request's session survives.
    """
    try:
        await users.change_password(
            {**passwords, "session_id": current.id}, viewer_id=current.user_id
        )
    finally:
        # Even if the reply got lost: the other sessions may have ended.
        sessions.forget(current.user_id)

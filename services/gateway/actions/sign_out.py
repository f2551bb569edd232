"""Signs a device out: on this replica at once, on the others within seconds."""

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.clients.users import UsersClient
from shared.errors import NotFound, Unauthenticated


async def sign_out(
    users: UsersClient, sessions: SessionChecks, current: CurrentSession, session_id: int
) -> None:
    """End one of the user's sessions; raises NotFound if it is not theirs."""
    try:
        await users.end_session(session_id, viewer_id=current.user_id)
    except NotFound:
        if session_id == current.id:
            # It ended elsewhere, within the seconds for which a session check is remembered.
            raise Unauthenticated from None
        raise
    finally:
        # Even if the reply got lost: the session may have ended.
        sessions.forget(current.user_id)

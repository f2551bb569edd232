"""Whose session a request is made in, also for a moment after users has stopped to answer."""

from prometheus_client import Counter

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.store.invalidations import Invalidations
from shared.errors import Unavailable

_FROM_MEMORY = Counter(
    "retrato_gateway_sessions_from_memory_total",
    "Reads in a session that was good up to a minute ago, as users did not answer.",
)


async def identify_viewer(
    sessions: SessionChecks, changes: Invalidations, token: str, *, is_read: bool
) -> CurrentSession:
    """Raises Unauthenticated, and Unavailable where it cannot be told."""
    try:
        return await sessions.session_of(token)
    except Unavailable:
        # A reader loses nothing for a minute, unless something was changed about the sessions of
        # this user meanwhile; whoever writes has to be known for certain.
        known = sessions.recent_session_of(token) if is_read else None
        if known is None or not _is_still_true(changes, *known):
            raise
        _FROM_MEMORY.inc()
        return known[0]


def _is_still_true(changes: Invalidations, session: CurrentSession, checked_at_s: float) -> bool:
    return checked_at_s > changes.void_before_s().get(session.user_id, 0)

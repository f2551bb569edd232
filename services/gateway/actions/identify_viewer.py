"""Finds the session of a request; for reads also shortly after users stops answering."""

from prometheus_client import Counter

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.store.invalidations import Invalidations
from shared.errors import Unavailable

_FROM_MEMORY = Counter(
    "retrato_gateway_sessions_from_memory_total",
    "Reads in a session last checked up to a minute ago, because users did not answer.",
)


async def identify_viewer(
    sessions: SessionChecks, changes: Invalidations, token: str, *, is_read: bool
) -> CurrentSession:
    """The request's session; raises Unauthenticated, and Unavailable if it is unknown."""
    try:
        return await sessions.session_of(token)
    except Unavailable:
        # For a minute readers lose nothing, unless this user's sessions were changed meanwhile. A
        # write needs certainty.
        known = sessions.recent_session_of(token) if is_read else None
        if known is None or not _is_still_true(changes, *known):
            raise
        _FROM_MEMORY.inc()
        return known[0]


def _is_still_true(changes: Invalidations, session: CurrentSession, checked_at_s: float) -> bool:
    return checked_at_s > changes.void_before_s().get(session.user_id, 0)

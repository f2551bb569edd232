"""Makes ended sessions stop working everywhere by voiding their copies."""

from collections.abc import Sequence

from services.users.store.session_cache import SessionCache
from shared.errors import Unavailable
from shared.sharding.outbox import OutboxEvent

# The topic of the event that commits with the end of sessions.
SESSIONS_TOPIC = "sessions"


async def forget_sessions(cache: SessionCache, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events; raises Unavailable while Redis is away, to be called again."""
    ended = [session_id for event in events for session_id in event.payload["ended"]]
    if not await cache.mark_ended(ended):
        raise Unavailable

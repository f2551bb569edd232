"""Makes an ended session stop working everywhere: no copy of it may be believed any more."""

from collections.abc import Sequence

from services.users.store.session_cache import SessionCache
from shared.errors import Unavailable
from shared.sharding.outbox import OutboxEvent

# The topic of the event that is committed with the end of sessions.
SESSIONS_TOPIC = "sessions"


async def forget_sessions(cache: SessionCache, events: Sequence[OutboxEvent]) -> None:
    """A handler for the relay; raises Unavailable, to be called again, while Redis is away."""
    ended = [session_id for event in events for session_id in event.payload["ended"]]
    if not await cache.mark_ended(ended):
        raise Unavailable

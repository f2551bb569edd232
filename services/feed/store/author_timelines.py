"""What celebrities have published lately, in Redis: shared by all who follow them."""

from redis import asyncio as aioredis

from services.feed.store.entry_lists import TRIM_SLACK, EntryLists
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_guard import RedisGuard

# A reader's page needs the newest of each; older ones come from Postgres with everybody else's.
AUTHOR_ENTRIES_MAX = 200


def author_key(author_id: int) -> str:
    """LIST of the ids of posts (see EntryLists). Bound: 200 entries, 64 more; a day."""
    return f"author:{author_id}"


class AuthorTimelines(EntryLists):
    """A celebrity's newest entries; a list is made when somebody first reads it."""

    # Read from Postgres once a day at least, whatever happened to it here.
    lifetime_s = 24 * 3600

    def __init__(
        self,
        redis: aioredis.Redis,
        reads: HotReads,
        guard: RedisGuard,
        *,
        entries_max: int = AUTHOR_ENTRIES_MAX,
        trim_slack: int = TRIM_SLACK,
    ) -> None:
        super().__init__(
            redis,
            reads,
            guard,
            author_key,
            entries_max=entries_max,
            trim_slack=trim_slack,
        )

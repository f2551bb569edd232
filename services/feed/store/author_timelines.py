"""The latest posts of celebrities in Redis, shared by all their followers."""

from redis import asyncio as aioredis

from services.feed.store.entry_lists import TRIM_SLACK, EntryLists
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_guard import RedisGuard

# A reader's page needs only the newest of each; older ones come from Postgres.
AUTHOR_ENTRIES_MAX = 200


def author_key(author_id: int) -> str:
    """LIST of post ids (see EntryLists). Bound: 264 entries and the tail; lives for a day."""
    return f"author:{author_id}"


class AuthorTimelines(EntryLists):
    """A celebrity's newest entries; the first reader builds the list."""

    # A rebuild from Postgres once a day repairs any error here.
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

"""The posts of one page: a single lookup in Redis, then Postgres for what Redis lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.feed.domain.post_bodies import Reactions
from services.feed.store.body_cache import body_key, parse_bodies
from services.feed.store.count_cache import counts_key, parse_counts
from services.feed.store.hot_reads import HotReads
from services.feed.store.own_reactions import own_reactions_key, parse_own_reactions
from services.feed.store.post_bodies import Loaded, PostBodies
from services.feed.store.post_reactions import KnownReactions, PostReactions
from shared.caching.redis_guard import RedisAway
from shared.contracts.posts import PostBody
from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class FoundPosts:
    """The posts found; `away` is set if some could not be read.

    `reactions` is None if those could not be read.
    """

    bodies: Mapping[int, PostBody]
    away: Unavailable | None
    reactions: Reactions | None


class PagePosts:
    """Looks up the posts of a page, and says which parts cannot be read now."""

    def __init__(self, reads: HotReads, bodies: PostBodies, reactions: PostReactions) -> None:
        self._reads = reads
        self._bodies = bodies
        self._reactions = reactions

    async def find(self, ids: Sequence[int], viewer_id: int) -> FoundPosts:
        """The bodies of these posts and the viewer's reactions to them."""
        known_bodies, known_reactions = await self._lookup(ids, viewer_id)
        hydrated = await self._bodies.find_many(ids, known_bodies)
        try:
            reactions = await self._reactions.find(
                list(hydrated.bodies), viewer_id, known_reactions
            )
        except Unavailable:
            reactions = None
        return FoundPosts(hydrated.bodies, hydrated.away, reactions)

    async def _lookup(self, ids: Sequence[int], viewer_id: int) -> tuple[Loaded, KnownReactions]:
        if not ids:
            return {}, KnownReactions({}, None)
        keys = [*map(body_key, ids), *map(counts_key, ids), own_reactions_key(viewer_id)]
        try:
            values = await self._reads.values(keys)
        except RedisAway:
            return {}, KnownReactions({}, None)
        bodies, counts = values[: len(ids)], values[len(ids) : -1]
        return parse_bodies(ids, bodies), KnownReactions(
            parse_counts(ids, counts), parse_own_reactions(values[-1])
        )

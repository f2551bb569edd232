"""Reads home timelines from Redis; rebuilds a missing one, and reads on in Postgres below one."""

from dataclasses import dataclass, replace

from prometheus_client import Counter

from services.feed.actions.celebrity_entries import CelebrityEntries
from services.feed.actions.newest_entries import Newest, newest_entries
from services.feed.clients.users import UsersClient
from services.feed.domain.skeletons import ABOVE_ALL, Skeleton, skeleton_from_newest
from services.feed.store.author_entries import celebrities_among
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.single_flight import SingleFlight
from shared.caching.redis_guard import RedisAway
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup

READS = Counter("retrato_feed_home_reads_total", "Home timelines opened.", ["source"])


@dataclass(frozen=True, slots=True)
class OpenTimeline:
    """A reader's skeleton; `complete` is false if some authors could not be read."""

    viewer_id: int
    skeleton: Skeleton
    complete: bool


class HomeEntries:
    """Finds the entries of a home timeline; Redis and Postgres give the same ones."""

    def __init__(
        self,
        timelines: HomeTimelines,
        group: ShardGroup,
        users: UsersClient,
        celebrities: CelebrityEntries,
    ) -> None:
        self._timelines = timelines
        self._group = group
        self._users = users
        self._celebrities = celebrities
        self._rebuilds: SingleFlight[int, OpenTimeline] = SingleFlight()

    async def open(self, viewer_id: int, *, is_first_page: bool) -> OpenTimeline:
        """The skeleton with the celebrities' entries; it is rebuilt if Redis has none."""
        try:
            found = await self.find(viewer_id)
            if found is not None and is_first_page:
                await self._timelines.keep(viewer_id)
        except RedisAway:
            # The viewer misses nothing: Postgres gives the same entries, more slowly.
            found = None
        if found is not None:
            READS.labels("skeleton").inc()
            return found
        READS.labels("rebuild").inc()
        return await self._rebuilds.share(viewer_id, lambda: self._rebuild(viewer_id))

    async def find(self, viewer_id: int) -> OpenTimeline | None:
        """The skeleton in Redis with celebrities' entries; None if absent or being rebuilt.

        Raises RedisAway.
        """
        found = await self._timelines.find(viewer_id)
        if not isinstance(found, Skeleton):
            return None
        return OpenTimeline(viewer_id, *await self._celebrities.added_to(found))

    async def entries_below(self, timeline: OpenTimeline, before: int, count: int) -> Newest:
        """The newest `count` entries older than `before`; fewer only at the end of the timeline."""
        skeleton = timeline.skeleton
        ids = skeleton.entries_below(before, count)
        if len(ids) == count or skeleton.floor == 0:
            return Newest(ids, complete=True)
        # The skeleton holds nothing at or below its floor.
        rest = await newest_entries(
            self._group,
            await self._authors_for(timeline.viewer_id),
            before=min(before, skeleton.floor + 1),
            count=count - len(ids),
        )
        return Newest(ids + rest.ids, rest.complete)

    async def truth(self, viewer_id: int) -> Skeleton:
        """Build the skeleton from Postgres without writing it.

        Raises Unavailable if a primary does not answer.
        """
        built = await self._build(viewer_id)
        if not built.complete:
            raise Unavailable("A primary does not answer.")
        return built.skeleton

    async def _rebuild(self, viewer_id: int) -> OpenTimeline:
        token = await self._begin(viewer_id)
        if token is None and (made := await self._find_made(viewer_id)) is not None:
            # Another rebuild ended between this reader's lookup and now.
            return made
        try:
            built = await self._build(viewer_id)
        except BaseException:
            await self._abandon(viewer_id, token)
            raise
        if built.complete:
            await self._finish(viewer_id, token, built.skeleton)
        else:
            await self._abandon(viewer_id, token)
        return built

    async def _build(self, viewer_id: int) -> OpenTimeline:
        """Read all authors, celebrities too, whose posts so far need no merging."""
        authors = await self._authors_for(viewer_id)
        celebrities = await celebrities_among(self._group, authors)
        entries_max = self._timelines.entries_max
        newest = await newest_entries(self._group, authors, before=ABOVE_ALL, count=entries_max + 1)
        skeleton = skeleton_from_newest(newest.ids, entries_max)
        return OpenTimeline(
            viewer_id,
            replace(skeleton, celebrity_ids=tuple(celebrities.ids)),
            newest.complete and not celebrities.away,
        )

    async def _authors_for(self, viewer_id: int) -> list[int]:
        return [*await self._users.following_ids(viewer_id), viewer_id]

    async def _begin(self, viewer_id: int) -> str | None:
        try:
            return await self._timelines.begin_rebuild(viewer_id)
        except RedisAway:
            return None

    async def _find_made(self, viewer_id: int) -> OpenTimeline | None:
        try:
            return await self.find(viewer_id)
        except RedisAway:
            return None

    async def _finish(self, viewer_id: int, token: str | None, skeleton: Skeleton) -> None:
        if token is None:
            return
        try:
            await self._timelines.finish_rebuild(viewer_id, token, skeleton)
        except RedisAway:
            # The unfinished list expires; until then Postgres serves each read.
            return

    async def _abandon(self, viewer_id: int, token: str | None) -> None:
        if token is None:
            return
        try:
            await self._timelines.abandon_rebuild(viewer_id, token)
        except RedisAway:
            return

"""The entries of home timelines: from Redis where they are there, rebuilt or read on below it."""

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
    """A reader's skeleton; not `complete` if it was read while some authors could not be asked."""

    viewer_id: int
    skeleton: Skeleton
    complete: bool


class HomeEntries:
    """Finds the entries of a reader's home timeline; all paths give the same ones."""

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
        """The skeleton with what celebrities have published, rebuilt first if there is none."""
        try:
            found = await self.find(viewer_id)
            if found is not None and is_first_page:
                await self._timelines.keep(viewer_id)
        except RedisAway:
            # Nobody misses anything: the same entries come from Postgres, more slowly.
            found = None
        if found is not None:
            READS.labels("skeleton").inc()
            return found
        READS.labels("rebuild").inc()
        return await self._rebuilds.share(viewer_id, lambda: self._rebuild(viewer_id))

    async def find(self, viewer_id: int) -> OpenTimeline | None:
        """As it is in Redis, with what celebrities have published; None if it is not there whole.

        Raises RedisAway.
        """
        found = await self._timelines.find(viewer_id)
        if not isinstance(found, Skeleton):
            return None
        return OpenTimeline(viewer_id, *await self._celebrities.added_to(found))

    async def entries_below(self, timeline: OpenTimeline, before: int, count: int) -> Newest:
        """The newest `count` entries older than `before`; fewer only at the very end."""
        skeleton = timeline.skeleton
        ids = skeleton.entries_below(before, count)
        if len(ids) == count or skeleton.floor == 0:
            return Newest(ids, complete=True)
        # The skeleton says nothing of what stands at its floor or below.
        rest = await newest_entries(
            self._group,
            await self._authors_for(timeline.viewer_id),
            before=min(before, skeleton.floor + 1),
            count=count - len(ids),
        )
        return Newest(ids + rest.ids, rest.complete)

    async def truth(self, viewer_id: int) -> Skeleton:
        """What the skeleton would be if it were made now, from Postgres; nothing is written.

        Raises Unavailable if some author's primary does not answer.
        """
        built = await self._build(viewer_id)
        if not built.complete:
            raise Unavailable("A primary does not answer.")
        return built.skeleton

    async def _rebuild(self, viewer_id: int) -> OpenTimeline:
        token = await self._begin(viewer_id)
        if token is None and (made := await self._find_made(viewer_id)) is not None:
            # Somebody's rebuild ended between our look and now.
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
        """Whatever its authors are, their entries are all in it as of now."""
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
            # The list that was begun runs out; until then each read is served from Postgres.
            return

    async def _abandon(self, viewer_id: int, token: str | None) -> None:
        if token is None:
            return
        try:
            await self._timelines.abandon_rebuild(viewer_id, token)
        except RedisAway:
            return

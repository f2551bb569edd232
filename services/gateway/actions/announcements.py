"""Tells feed which viewers have connected; one call takes many, as when another gateway dies."""

from collections.abc import Mapping, Sequence

from services.gateway.clients.feed import FeedClient
from services.gateway.clients.gathered_calls import GatheredCalls

BATCH_MAX = 1_000
# A single call at a time: viewers who connect meanwhile share the next one.
_CALLS_MAX = 1


class Announcements:
    """Announces connected viewers to feed; one per process."""

    def __init__(self, feed: FeedClient) -> None:
        self._feed = feed
        self._calls: GatheredCalls[int, bool] = GatheredCalls(
            self._tell_feed, calls_max=_CALLS_MAX, keys_max=BATCH_MAX
        )

    async def announce(self, viewer_id: int) -> bool:
        """Whether feed had this viewer registered already. Raises Unavailable."""
        return await self._calls.ask(viewer_id)

    async def _tell_feed(self, viewer_ids: Sequence[int]) -> Mapping[int, bool]:
        known = set(await self._feed.listen(list(viewer_ids)))
        return {viewer_id: viewer_id in known for viewer_id in viewer_ids}

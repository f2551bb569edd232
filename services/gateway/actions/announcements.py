"""Tells feed who has just connected: many at once in one call, as when another gateway has died."""

import asyncio
from contextvars import Context

from services.gateway.clients.feed import FeedClient
from shared.errors import AppError, Unavailable

BATCH_MAX = 1_000


class Announcements:
    """One call at a time; who comes meanwhile shares the next one."""

    def __init__(self, feed: FeedClient) -> None:
        self._feed = feed
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._run: asyncio.Task[None] | None = None

    async def announce(self, viewer_id: int) -> bool:
        """Did feed take this viewer to be connected already? Raises Unavailable."""
        told = self._waiting.get(viewer_id)
        if told is None:
            told = self._waiting[viewer_id] = asyncio.get_running_loop().create_future()
        if self._run is None:
            # Without the context of this request: others wait for the same run.
            self._run = asyncio.create_task(self._tell_feed(), context=Context())
        # Who goes away must not take the answer from the other phones of the same person.
        return await asyncio.shield(told)

    async def _tell_feed(self) -> None:
        try:
            while self._waiting:
                batch = dict(list(self._waiting.items())[:BATCH_MAX])
                for viewer_id in batch:
                    del self._waiting[viewer_id]
                await self._tell_batch(batch)
        finally:
            self._run = None

    async def _tell_batch(self, batch: dict[int, asyncio.Future[bool]]) -> None:
        try:
            known = set(await self._feed.listen(list(batch)))
        except AppError as error:
            for told in batch.values():
                told.set_exception(Unavailable(error.detail, retry_after_s=1))
                # Looked at, in case everybody who waited for it has gone.
                told.exception()
            return
        for viewer_id, told in batch.items():
            told.set_result(viewer_id in known)

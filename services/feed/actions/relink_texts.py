"""Re-reads stored texts after the rules for hashtags and mentions change.

Each row stores the version of the rules that read it, so a stopped job resumes and a second run
finds nothing. The job also re-reads texts whose mentions users could not resolve.
"""

import asyncio
import time
from collections.abc import Sequence

from prometheus_client import Counter

from services.feed.actions.edit_post import EDITED_TOPIC
from services.feed.actions.link_text import link_text
from services.feed.actions.tag_posts import change_tags
from services.feed.clients.users import UsersClient
from services.feed.domain.entities import TEXT_RULES
from services.feed.domain.linked_text import LinkedText
from services.feed.store.linked_texts import (
    LinkedTexts,
    StoredText,
    relink_comment,
    relink_post,
)
from shared.errors import Unavailable
from shared.jobs.pauses import pause
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# A transaction of this many rows takes a few dozen milliseconds.
_PER_SHARD = 20
# Between two searches for such rows; nearly always there are none.
_REST_S = 60.0
# The job leaves most of the time to requests.
_WORKING_SHARE = 0.1

_READ_ANEW = Counter("retrato_feed_texts_relinked_total", "Stored texts re-read by newer rules.")

log = get_logger()


class TextRelinker:
    """A worker's loop; several may run at once, and each may be killed at any point."""

    def __init__(self, group: ShardGroup, users: UsersClient) -> None:
        self._group = group
        self._texts = LinkedTexts(group)
        self._users = users

    async def run(self, stop: asyncio.Event) -> None:
        """Repeat passes until `stop` is set."""
        while not stop.is_set():
            try:
                await self.full_pass(stop, working_share=_WORKING_SHARE)
            except Unavailable as error:
                log.warning("some texts could not be re-read", reason=error.detail)
            await pause(stop, _REST_S)

    async def full_pass(self, stop: asyncio.Event, *, working_share: float = 1.0) -> int:
        """Re-read texts until none is left, and return their number.

        Raises Unavailable; a later pass resumes.
        """
        count = 0
        while not stop.is_set() and (waiting := await self._texts.to_read(_PER_SHARD)):
            for shard, texts in waiting.items():
                started_s = time.monotonic()
                count += await self._relink(shard, texts)
                await pause(stop, (time.monotonic() - started_s) * (1 / working_share - 1))
        return count

    async def _relink(self, shard: int, texts: Sequence[StoredText]) -> int:
        linked = [
            (text, await link_text(self._users, text.text, text.writer_id))
            for text in sorted(texts, key=lambda text: text.id)
        ]
        if any(found.rules != TEXT_RULES for _text, found in linked):
            raise Unavailable("Users cannot say who is mentioned.")
        async with self._group.writer(shard) as tx:
            # Transactions that meet must lock edges in the order of ids.
            for text, found in linked:
                if text.kind == "comment":
                    await relink_comment(tx, text, found)
                else:
                    await self._relink_post(tx, text, found)
        _READ_ANEW.inc(len(linked))
        return len(linked)

    async def _relink_post(self, tx: Transaction, post: StoredText, linked: LinkedText) -> None:
        relinked = await relink_post(tx, post, linked)
        if relinked is None or not relinked.is_changed:
            return
        before, after = relinked.former_hashtags, linked.hashtags
        await change_tags(self._group, tx, post.id, before=before, after=after)
        await tx.publish(EDITED_TOPIC, {"post_id": post.id})

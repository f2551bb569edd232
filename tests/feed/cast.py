"""Alice, bob, carol and as many more as a test needs: new people who publish."""

import secrets
import time

from services.feed.actions.comment_on_post import comment_on_post
from services.feed.actions.delete_comment import delete_comment
from services.feed.actions.fan_out import fan_out
from services.feed.actions.publish_post import Asked, publish_post
from services.feed.actions.read_home_timeline import read_home_timeline
from services.feed.domain.drafts import Draft
from services.feed.domain.entities import read_text
from services.feed.resources import Resources
from services.feed.store.comments import NewComment
from services.feed.store.fan_outs import FanOutJob
from services.feed.store.posts import insert_post
from shared.contracts.posts import HomePage
from shared.ids import first_id_at
from tests.feed.fake_upload import snapshot


def new_id() -> int:
    """An id as another service could have made it recently, in any shard."""
    return first_id_at(int(time.time() * 1000) - 60_000) + secrets.randbelow(1 << 23)


def draft_of(caption: str = "", photos: int = 1) -> Draft:
    """A valid draft with new photos."""
    return Draft(tuple(new_id() for _ in range(photos)), caption, None)


class Cast:
    """People who act through the same code as over HTTP."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def publishes(self, author_id: int, caption: str = "") -> int:
        """Publish a post as a request does; nothing is delivered yet."""
        resources = self._resources
        post = await publish_post(
            resources.group,
            Asked(resources.upload, resources.users),
            resources.timelines,
            author_id,
            draft_of(caption),
            secrets.token_hex(8),
        )
        return int(post["id"])

    async def has_published(self, author_id: int, count: int) -> list[int]:
        """Write this many posts at once, newest first, never delivered."""
        group = self._resources.group
        ids = []
        async with group.writer(group.shard_of(author_id)) as tx:
            for _ in range(count):
                body = await insert_post(
                    tx, author_id, draft_of(), read_text("").linked({}), [snapshot(new_id())]
                )
                ids.append(body["id"])
        return ids[::-1]

    async def comments(
        self, writer_id: int, post_id: int, text: str = "Lovely.", reply_to: int | None = None
    ) -> int:
        """Write a comment or a reply."""
        new = NewComment(post_id, writer_id, text, reply_to)
        comment = await comment_on_post(
            self._resources.group,
            self._resources.comments,
            self._resources.users,
            new,
            secrets.token_hex(8),
        )
        return int(comment["id"])

    async def deletes_comment(self, viewer_id: int, comment_id: int) -> None:
        """Delete a comment, if the viewer may."""
        await delete_comment(self._resources.group, self._resources.comments, comment_id, viewer_id)

    async def delivers(self, post_id: int, author_id: int, page: int = 0) -> None:
        """Run one job of the fan-out here."""
        resources = self._resources
        job = FanOutJob(post_id, author_id, page)
        await fan_out(
            resources.group,
            resources.destinations(),
            resources.users,
            job,
            celebrity_followers_min=resources.celebrity_followers_min,
        )

    async def home(self, viewer_id: int, limit: int = 20, cursor: str | None = None) -> HomePage:
        """A page of the home timeline."""
        resources = self._resources
        return await read_home_timeline(
            resources.entries, resources.page_posts, viewer_id, limit, cursor
        )

    async def home_ids(self, viewer_id: int, limit: int = 20) -> list[int]:
        """The whole home timeline, page by page."""
        ids: list[int] = []
        cursor: str | None = None
        while True:
            page = await self.home(viewer_id, limit, cursor)
            ids += [post["id"] for post in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return ids

"""feed.internal: posts, what people do with them, and timelines."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from services.gateway.clients.patching import PatchingServiceClient, of_versions
from shared.contracts import posts as contract
from shared.contracts.activity import ActivityPage
from shared.contracts.reports import Report
from shared.contracts.stream import Listening, StreamEvents

# A profile does not wait longer for a number than it takes itself.
_COUNTS_TIMEOUT_MS = 500


# Feed answers after so long if there is nothing to tell. Longer than any read: not taken for one.
_STREAM_WAIT_MS = 2_000
_STREAM_TIMEOUT_MS = 4_000


class FeedClient:
    """The calls of the gateway to feed."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def publish(
        self, draft: dict[str, Any], idempotency_key: str, *, viewer_id: int
    ) -> contract.Post:
        """Publish photos; raises Conflict while one is not ready."""
        reply: contract.Post = await self._service.post(
            "/posts", draft, viewer_id=viewer_id, idempotency_key=idempotency_key
        )
        return reply

    async def post(self, post_id: int, *, viewer_id: int) -> contract.Post:
        """A post, whoever wrote it: whether the viewer may see it is not feed's to say."""
        reply: contract.Post = await self._service.get(f"/posts/{post_id}", viewer_id=viewer_id)
        return reply

    async def posts(self, post_ids: Sequence[int], *, viewer_id: int) -> contract.PostPage:
        """Those of at most 40 that stand, whoever wrote them."""
        reply: contract.PostPage = await self._service.get(
            "/posts", viewer_id=viewer_id, params={"ids": list(post_ids)}
        )
        return reply

    async def edit_post(
        self,
        post_id: int,
        changes: dict[str, Any],
        *,
        viewer_id: int,
        versions: Sequence[int] | None = None,
    ) -> contract.Post:
        """Change an own post; raises Forbidden for another's, PreconditionFailed by version."""
        reply: contract.Post = await self._service.patch(
            f"/posts/{post_id}", changes, viewer_id=viewer_id, versions=versions
        )
        return reply

    async def pin(self, post_id: int, *, viewer_id: int) -> contract.Pinned:
        """Pin an own post; raises Conflict (`too_many_pins`), and Forbidden for another's."""
        reply: contract.Pinned = await self._service.put(
            f"/posts/{post_id}/pin", None, viewer_id=viewer_id
        )
        return reply

    async def unpin(self, post_id: int, *, viewer_id: int) -> contract.Pinned:
        """Unpin an own post; the same again when repeated."""
        reply: contract.Pinned = await self._service.delete(
            f"/posts/{post_id}/pin", viewer_id=viewer_id
        )
        return reply

    async def delete_post(
        self, post_id: int, *, viewer_id: int, versions: Sequence[int] | None = None
    ) -> None:
        """Withdraw an own post; one that is withdrawn already has no version to differ in."""
        await self._service.delete(of_versions(f"/posts/{post_id}", versions), viewer_id=viewer_id)

    async def posts_of(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PostPage:
        """A person's posts, pinned ones first; `page` holds limit and cursor."""
        reply: contract.PostPage = await self._service.get(
            f"/users/{user_id}/posts", viewer_id=viewer_id, params=page
        )
        return reply

    async def like(self, post_id: int, *, viewer_id: int) -> contract.Liked:
        """Like; the same again when repeated."""
        reply: contract.Liked = await self._service.put(
            f"/posts/{post_id}/like", None, viewer_id=viewer_id
        )
        return reply

    async def unlike(self, post_id: int, *, viewer_id: int) -> contract.Liked:
        """Take a like back; the same again when repeated."""
        reply: contract.Liked = await self._service.delete(
            f"/posts/{post_id}/like", viewer_id=viewer_id
        )
        return reply

    async def likers(
        self, post_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.LikersPage:
        """Who likes a post, newest first."""
        reply: contract.LikersPage = await self._service.get(
            f"/posts/{post_id}/likes", viewer_id=viewer_id, params=page
        )
        return reply

    async def save(self, post_id: int, *, viewer_id: int) -> contract.Saved:
        """Save; the same again when repeated."""
        reply: contract.Saved = await self._service.put(
            f"/posts/{post_id}/save", None, viewer_id=viewer_id
        )
        return reply

    async def unsave(self, post_id: int, *, viewer_id: int) -> contract.Saved:
        """Save no longer; the same again when repeated."""
        reply: contract.Saved = await self._service.delete(
            f"/posts/{post_id}/save", viewer_id=viewer_id
        )
        return reply

    async def own_likes(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """What the viewer likes, the newest like first."""
        reply: contract.PostPage = await self._service.get(
            "/me/likes", viewer_id=viewer_id, params=page
        )
        return reply

    async def own_saves(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """What the viewer has saved, the newest first."""
        reply: contract.PostPage = await self._service.get(
            "/me/saves", viewer_id=viewer_id, params=page
        )
        return reply

    async def write_comment(
        self, post_id: int, comment: dict[str, Any], idempotency_key: str, *, viewer_id: int
    ) -> contract.Comment:
        """Comment on a post."""
        reply: contract.Comment = await self._service.post(
            f"/posts/{post_id}/comments",
            comment,
            viewer_id=viewer_id,
            idempotency_key=idempotency_key,
        )
        return reply

    async def report(self, report: dict[str, Any], *, viewer_id: int) -> Report:
        """Report something that the viewer may see; again is the same as once."""
        reply: Report = await self._service.post(
            "/reports", report, viewer_id=viewer_id, idempotent=True
        )
        return reply

    async def comments(
        self, post_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.CommentPage:
        """What is written under a post, oldest first, whoever wrote it."""
        reply: contract.CommentPage = await self._service.get(
            f"/posts/{post_id}/comments", viewer_id=viewer_id, params=page
        )
        return reply

    async def comment(self, comment_id: int, *, viewer_id: int) -> contract.Comment:
        """One comment, whoever wrote it."""
        reply: contract.Comment = await self._service.get(
            f"/comments/{comment_id}", viewer_id=viewer_id
        )
        return reply

    async def delete_comment(self, comment_id: int, *, viewer_id: int) -> None:
        """Delete an own comment, or one under an own post; raises Forbidden for others."""
        await self._service.delete(f"/comments/{comment_id}", viewer_id=viewer_id)

    async def like_comment(self, comment_id: int, *, viewer_id: int) -> contract.Liked:
        """Like a comment; the same again when repeated."""
        reply: contract.Liked = await self._service.put(
            f"/comments/{comment_id}/like", None, viewer_id=viewer_id
        )
        return reply

    async def unlike_comment(self, comment_id: int, *, viewer_id: int) -> contract.Liked:
        """Take a comment's like back; the same again when repeated."""
        reply: contract.Liked = await self._service.delete(
            f"/comments/{comment_id}/like", viewer_id=viewer_id
        )
        return reply

    async def home_timeline(self, page: dict[str, Any], *, viewer_id: int) -> contract.HomePage:
        """The viewer's home timeline, newest first; `page` holds limit and cursor."""
        reply: contract.HomePage = await self._service.get(
            "/timelines/home", viewer_id=viewer_id, params=page
        )
        return reply

    async def tag_timeline(
        self, tag: str, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PostPage:
        """The posts of a tag, whoever wrote them; `page` holds limit and cursor."""
        path = f"/timelines/tags/{quote(tag, safe='')}"
        reply: contract.PostPage = await self._service.get(path, viewer_id=viewer_id, params=page)
        return reply

    async def explore(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """Popular posts, whoever wrote them; `page` holds limit and cursor."""
        reply: contract.PostPage = await self._service.get(
            "/explore", viewer_id=viewer_id, params=page
        )
        return reply

    async def tags(self, q: str, limit: int, *, viewer_id: int) -> contract.TagsFound:
        """Tags that begin so, whoever uses them."""
        params = {"q": q, "limit": limit}
        reply: contract.TagsFound = await self._service.get(
            "/tags", viewer_id=viewer_id, params=params
        )
        return reply

    async def posts_count(self, user_id: int, *, viewer_id: int) -> int:
        """How many posts a person has published."""
        reply: contract.PostCounts = await self._service.post(
            "/post-counts",
            {"ids": [user_id]},
            viewer_id=viewer_id,
            idempotent=True,
            timeout_ms=_COUNTS_TIMEOUT_MS,
        )
        return reply["counts"].get(str(user_id), 0)

    async def activity(self, page: dict[str, Any], *, viewer_id: int) -> ActivityPage:
        """What others did that concerns the viewer, newest first."""
        reply: ActivityPage = await self._service.get("/activity", viewer_id=viewer_id, params=page)
        return reply

    async def see_activity(self, *, viewer_id: int) -> None:
        """Note that the viewer has looked at all of it."""
        await self._service.put("/activity/seen", None, viewer_id=viewer_id)

    async def listen(self, viewer_ids: list[int]) -> list[int]:
        """Say that at most 1,000 viewers are connected; those who have been all the time."""
        reply: Listening = await self._service.post(
            "/stream/listeners", {"viewer_ids": viewer_ids}, idempotent=True, timeout_ms=2_000
        )
        return reply["known"]

    async def stream_events(self, after: str | None) -> StreamEvents:
        """The next events for connected viewers, when there are some; or where to begin."""
        reply: StreamEvents = await self._service.post(
            "/stream/events",
            {"after": after, "wait_ms": _STREAM_WAIT_MS},
            idempotent=True,
            timeout_ms=_STREAM_TIMEOUT_MS,
        )
        return reply

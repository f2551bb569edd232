"""Calls feed about posts, reactions, timelines and events."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from services.gateway.clients.patching import PatchingServiceClient, of_versions
from shared.contracts import posts as contract
from shared.contracts.activity import ActivityPage
from shared.contracts.reports import Report
from shared.contracts.stream import Listening, StreamEvents

# A profile must not wait longer for one number than its own read takes.
_COUNTS_TIMEOUT_MS = 500


# Feed answers after this long if there are no events. The timeout exceeds that of reads, so the
# service client does not repeat the call at a second replica while it waits.
_STREAM_WAIT_MS = 2_000
_STREAM_TIMEOUT_MS = 4_000


class FeedClient:
    """The gateway's calls to feed; whether the viewer may see a result is for users to decide."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def publish(
        self, draft: dict[str, Any], idempotency_key: str, *, viewer_id: int
    ) -> contract.Post:
        """Publish photos; raises Conflict if one is not ready."""
        reply: contract.Post = await self._service.post(
            "/posts", draft, viewer_id=viewer_id, idempotency_key=idempotency_key
        )
        return reply

    async def post(self, post_id: int, *, viewer_id: int) -> contract.Post:
        """A post by any author; raises NotFound."""
        reply: contract.Post = await self._service.get(f"/posts/{post_id}", viewer_id=viewer_id)
        return reply

    async def posts(self, post_ids: Sequence[int], *, viewer_id: int) -> contract.PostPage:
        """Existing posts among at most 40, by any authors."""
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
        """Edit an own post; raises Forbidden, and PreconditionFailed for another version."""
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
        """Unpin an own post; repeatable."""
        reply: contract.Pinned = await self._service.delete(
            f"/posts/{post_id}/pin", viewer_id=viewer_id
        )
        return reply

    async def delete_post(
        self, post_id: int, *, viewer_id: int, versions: Sequence[int] | None = None
    ) -> None:
        """Withdraw an own post; a withdrawn one passes for any version."""
        await self._service.delete(of_versions(f"/posts/{post_id}", versions), viewer_id=viewer_id)

    async def posts_of(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PostPage:
        """A person's posts, pinned ones first; `page` holds the query parameters."""
        reply: contract.PostPage = await self._service.get(
            f"/users/{user_id}/posts", viewer_id=viewer_id, params=page
        )
        return reply

    async def like(self, post_id: int, *, viewer_id: int) -> contract.Liked:
        """Like a post; repeatable."""
        reply: contract.Liked = await self._service.put(
            f"/posts/{post_id}/like", None, viewer_id=viewer_id
        )
        return reply

    async def unlike(self, post_id: int, *, viewer_id: int) -> contract.Liked:
        """Take a like back; repeatable."""
        reply: contract.Liked = await self._service.delete(
            f"/posts/{post_id}/like", viewer_id=viewer_id
        )
        return reply

    async def likers(
        self, post_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.LikersPage:
        """Ids of the people who like a post, the newest like first."""
        reply: contract.LikersPage = await self._service.get(
            f"/posts/{post_id}/likes", viewer_id=viewer_id, params=page
        )
        return reply

    async def save(self, post_id: int, *, viewer_id: int) -> contract.Saved:
        """Save a post; repeatable."""
        reply: contract.Saved = await self._service.put(
            f"/posts/{post_id}/save", None, viewer_id=viewer_id
        )
        return reply

    async def unsave(self, post_id: int, *, viewer_id: int) -> contract.Saved:
        """Remove a save; repeatable."""
        reply: contract.Saved = await self._service.delete(
            f"/posts/{post_id}/save", viewer_id=viewer_id
        )
        return reply

    async def own_likes(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """Posts that the viewer likes, the newest like first."""
        reply: contract.PostPage = await self._service.get(
            "/me/likes", viewer_id=viewer_id, params=page
        )
        return reply

    async def own_saves(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """Posts that the viewer has saved, the newest save first."""
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
        """Report something that the viewer may see; repeatable."""
        reply: Report = await self._service.post(
            "/reports", report, viewer_id=viewer_id, idempotent=True
        )
        return reply

    async def comments(
        self, post_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.CommentPage:
        """Comments of a post by any writers, oldest first."""
        reply: contract.CommentPage = await self._service.get(
            f"/posts/{post_id}/comments", viewer_id=viewer_id, params=page
        )
        return reply

    async def comment(self, comment_id: int, *, viewer_id: int) -> contract.Comment:
        """One comment by any writer."""
        reply: contract.Comment = await self._service.get(
            f"/comments/{comment_id}", viewer_id=viewer_id
        )
        return reply

    async def delete_comment(self, comment_id: int, *, viewer_id: int) -> None:
        """Delete an own comment, or one under an own post; raises Forbidden for others."""
        await self._service.delete(f"/comments/{comment_id}", viewer_id=viewer_id)

    async def like_comment(self, comment_id: int, *, viewer_id: int) -> contract.Liked:
        """Like a comment; repeatable."""
        reply: contract.Liked = await self._service.put(
            f"/comments/{comment_id}/like", None, viewer_id=viewer_id
        )
        return reply

    async def unlike_comment(self, comment_id: int, *, viewer_id: int) -> contract.Liked:
        """Take a comment's like back; repeatable."""
        reply: contract.Liked = await self._service.delete(
            f"/comments/{comment_id}/like", viewer_id=viewer_id
        )
        return reply

    async def home_timeline(self, page: dict[str, Any], *, viewer_id: int) -> contract.HomePage:
        """The viewer's home timeline; `page` holds the query parameters."""
        reply: contract.HomePage = await self._service.get(
            "/timelines/home", viewer_id=viewer_id, params=page
        )
        return reply

    async def tag_timeline(
        self, tag: str, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PostPage:
        """Posts of a tag by any authors; `page` holds the query parameters."""
        path = f"/timelines/tags/{quote(tag, safe='')}"
        reply: contract.PostPage = await self._service.get(path, viewer_id=viewer_id, params=page)
        return reply

    async def explore(self, page: dict[str, Any], *, viewer_id: int) -> contract.PostPage:
        """Popular posts by any authors; `page` holds the query parameters."""
        reply: contract.PostPage = await self._service.get(
            "/explore", viewer_id=viewer_id, params=page
        )
        return reply

    async def tags(self, q: str, limit: int, *, viewer_id: int) -> contract.TagsFound:
        """Tags that begin with `q`, by any authors."""
        params = {"q": q, "limit": limit}
        reply: contract.TagsFound = await self._service.get(
            "/tags", viewer_id=viewer_id, params=params
        )
        return reply

    async def posts_count(self, user_id: int, *, viewer_id: int) -> int:
        """The number of a person's posts."""
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
        """Mark all activity of the viewer as seen."""
        await self._service.put("/activity/seen", None, viewer_id=viewer_id)

    async def listen(self, viewer_ids: list[int]) -> list[int]:
        """Register at most 1,000 connected viewers, and return those registered already."""
        reply: Listening = await self._service.post(
            "/stream/listeners", {"viewer_ids": viewer_ids}, idempotent=True, timeout_ms=2_000
        )
        return reply["known"]

    async def stream_events(self, after: str | None) -> StreamEvents:
        """The next events of connected viewers; with None, only the latest id."""
        reply: StreamEvents = await self._service.post(
            "/stream/events",
            {"after": after, "wait_ms": _STREAM_WAIT_MS},
            idempotent=True,
            timeout_ms=_STREAM_TIMEOUT_MS,
        )
        return reply

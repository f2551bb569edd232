"""Liking a comment and taking it back."""

from services.feed.store.comments import Comments
from shared.contracts.posts import Liked
from shared.errors import NotFound
from shared.sharding.edges import Edges


async def like_comment(
    comments: Comments, comment_likes: Edges, comment_id: int, viewer_id: int
) -> Liked:
    """Like; again is the same as once. Raises NotFound if the comment does not stand."""
    await _check_stands(comments, comment_id)
    await comment_likes.put(viewer_id, comment_id)
    return {"liked": True, "like_count": await _count(comment_likes, comment_id)}


async def unlike_comment(
    comments: Comments, comment_likes: Edges, comment_id: int, viewer_id: int
) -> Liked:
    """Take a like back; one that never was is fine. Raises NotFound as `like_comment` does."""
    await _check_stands(comments, comment_id)
    await comment_likes.remove(viewer_id, comment_id)
    return {"liked": False, "like_count": await _count(comment_likes, comment_id)}


async def _check_stands(comments: Comments, comment_id: int) -> None:
    if comment_id not in await comments.by_ids([comment_id]):
        raise NotFound


async def _count(comment_likes: Edges, comment_id: int) -> int:
    return (await comment_likes.counts([comment_id]))[comment_id].in_count

"""Likes a comment or takes the like back, and tells its writer."""

from services.feed.actions.tell_of_deeds import publish_reaction
from services.feed.store.comments import Comments
from shared.contracts.posts import Liked
from shared.edges.edges import ACTIVE, REMOVED, Edges
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def like_comment(
    group: ShardGroup, comments: Comments, likes: Edges, comment_id: int, viewer_id: int
) -> Liked:
    """Like; liking again changes nothing. Raises NotFound if the comment is gone."""
    await _put(group, comments, likes, (viewer_id, comment_id), ACTIVE)
    return {"liked": True, "like_count": await _count(likes, comment_id)}


async def unlike_comment(
    group: ShardGroup, comments: Comments, likes: Edges, comment_id: int, viewer_id: int
) -> Liked:
    """Take a like back, if there is one. Raises NotFound if the comment is gone."""
    await _put(group, comments, likes, (viewer_id, comment_id), REMOVED)
    return {"liked": False, "like_count": await _count(likes, comment_id)}


async def _put(
    group: ShardGroup, comments: Comments, likes: Edges, ends: tuple[int, int], state: str
) -> None:
    viewer_id, comment_id = ends
    comment = (await comments.by_ids([comment_id])).get(comment_id)
    if comment is None:
        raise NotFound
    async with group.writer(group.shard_of(viewer_id)) as tx:
        edge = await likes.put(viewer_id, comment_id, state, tx=tx)
        said = {"actor": viewer_id, "subject": comment_id, "post": comment["post_id"]}
        await publish_reaction(tx, edge, comment["writer_id"], "comment_like", said)


async def _count(likes: Edges, comment_id: int) -> int:
    return (await likes.counts([comment_id]))[comment_id].in_count

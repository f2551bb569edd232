"""Deleting a comment: its writer's and the post's author's to do."""

from services.feed.store.comments import Comments, lock_comment
from shared.errors import Forbidden, NotFound
from shared.sharding.shard_group import ShardGroup


async def delete_comment(
    group: ShardGroup, comments: Comments, comment_id: int, viewer_id: int
) -> None:
    """Delete it with its replies; again is the same as once.

    Raises NotFound for one that is not there, and Forbidden for one that is not the viewer's to
    delete; whether the viewer may know of that is for the caller to ask of users.
    """
    async with group.writer(group.shard_of(comment_id)) as tx:
        existing = await lock_comment(tx, comment_id)
        if existing is None:
            raise NotFound
        if viewer_id not in {existing.writer_id, existing.author_id}:
            raise NotFound if existing.is_deleted else Forbidden
        await comments.delete_with_replies(tx, comment_id, existing.post_id)

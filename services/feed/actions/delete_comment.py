"""Deletes a comment; its writer and the post's author may."""

from services.feed.store.comments import Comments, lock_comment
from shared.errors import Forbidden, NotFound
from shared.sharding.shard_group import ShardGroup


async def delete_comment(
    group: ShardGroup, comments: Comments, comment_id: int, viewer_id: int
) -> None:
    """Delete a comment with its replies; deleting it again changes nothing.

    Raises NotFound if there is none, and Forbidden if the viewer may not delete it. The caller asks
    users whether the viewer may know of it.
    """
    async with group.writer(group.shard_of(comment_id)) as tx:
        existing = await lock_comment(tx, comment_id)
        if existing is None:
            raise NotFound
        if viewer_id not in {existing.writer_id, existing.author_id}:
            raise NotFound if existing.is_deleted else Forbidden
        await comments.delete_with_replies(tx, comment_id, existing.post_id)

"""Hides a reported post or comment, or shows it again, for operators."""

from contextlib import suppress

from services.feed.store.post_bodies import PostBodies
from services.feed.store.reports import Subject, change_hiding, close_reports
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup


async def moderate(
    group: ShardGroup, bodies: PostBodies, subject: Subject, *, is_hidden: bool
) -> bool:
    """Hide a post or comment everywhere, or show it again; False if that changes nothing.

    Hiding also closes its reports. Likes, comments and timeline entries stay, so showing it again
    restores everything. Raises ValueError for a user.
    """
    if subject.kind == "user":
        raise ValueError("Users are suspended, by users.")
    changed = await change_hiding(group, subject.kind, subject.id, is_hidden=is_hidden)
    if subject.kind == "post":
        # If Redis is away, copies of the body are shown until the relay renews them a second later.
        with suppress(Unavailable):
            await bodies.renew(subject.id)
    if is_hidden:
        await close_reports(group, subject)
    return changed

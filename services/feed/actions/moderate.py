"""What operators do about what is reported: hide a post or a comment, and show it again."""

from contextlib import suppress

from services.feed.store.post_bodies import PostBodies
from services.feed.store.reports import Subject, change_hiding, close_reports
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup


async def moderate(
    group: ShardGroup, bodies: PostBodies, subject: Subject, *, is_hidden: bool
) -> bool:
    """Hide a post or comment everywhere at once, or show it again; False if that changes nothing.

    To hide it closes the reports of it. Likes, comments and places in timelines stay as they are:
    what is shown again is as it was.
    """
    if subject.kind == "user":
        raise ValueError("Users are suspended, by users.")
    changed = await change_hiding(group, subject.kind, subject.id, is_hidden=is_hidden)
    if subject.kind == "post":
        # Else copies of the body are shown for the second that the relay takes to do this again.
        with suppress(Unavailable):
            await bodies.renew(subject.id)
    if is_hidden:
        await close_reports(group, subject)
    return changed

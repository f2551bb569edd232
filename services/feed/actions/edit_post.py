"""Changing the caption of an own post; what it said before is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.feed.actions.link_text import link_text
from services.feed.actions.show_posts import show_posts
from services.feed.actions.tag_posts import change_tags
from services.feed.actions.tell_of_deeds import publish_mentions
from services.feed.actions.withdraw_post import check_author
from services.feed.clients.users import UsersClient
from services.feed.domain.drafts import caption_faults
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.posts import Posts, edit_caption
from shared.contracts.posts import Post
from shared.errors import Invalid, NotFound, Unavailable
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

EDITED_TOPIC = "post.edited"


@dataclass(frozen=True, slots=True)
class Edit:
    """Who gives which post which caption."""

    post_id: int
    viewer_id: int
    caption: str


async def edit_post(
    group: ShardGroup,
    posts: Posts,
    bodies: PostBodies,
    users: UsersClient,
    reactions: PostReactions,
    edit: Edit,
) -> Post:
    """The post with this caption; the one that it has changes nothing.

    Raises Invalid, and Forbidden and NotFound as withdrawing does.
    """
    faults = list(caption_faults(edit.caption))
    if faults:
        raise Invalid(errors=faults)
    await check_author(posts, users, edit.post_id, edit.viewer_id)
    before = await _mentions(posts, edit.post_id)
    linked = await link_text(users, edit.caption, edit.viewer_id)
    async with group.writer(group.shard_of(edit.post_id)) as tx:
        former = await edit_caption(tx, edit.viewer_id, edit.post_id, edit.caption, linked)
        if former is not None:
            await change_tags(group, tx, edit.post_id, before=former, after=linked.hashtags)
            await tx.publish(EDITED_TOPIC, {"post_id": edit.post_id})
            # Who was mentioned before is not told again.
            names = [name for name in linked.mentions if name not in before]
            await publish_mentions(tx, names, edit.viewer_id, edit.post_id, edit.post_id)
    await _renew(bodies, edit.post_id)
    body = (await posts.bodies_by_ids([edit.post_id])).get(edit.post_id)
    if body is None:
        raise NotFound
    (post,) = await show_posts(reactions, [body], edit.viewer_id)
    return post


async def _mentions(posts: Posts, post_id: int) -> list[str]:
    body = (await posts.bodies_by_ids([post_id])).get(post_id)
    return [] if body is None else body["mentions"]


async def renew_bodies(bodies: PostBodies, events: Sequence[OutboxEvent]) -> None:
    """A handler of the relay: makes sure that no copy from before a change is left."""
    for event in events:
        await bodies.renew(event.payload["post_id"])


async def _renew(bodies: PostBodies, post_id: int) -> None:
    try:
        await bodies.renew(post_id)
    except Unavailable:
        # The former caption may be shown for the second that the relay takes to do this again.
        return

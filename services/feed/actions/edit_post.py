"""Edits the author's own post; former captions are kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.feed.actions.confirm_photos import DESCRIBED_TOPIC
from services.feed.actions.link_text import link_text
from services.feed.actions.show_posts import show_posts
from services.feed.actions.tag_posts import change_tags
from services.feed.actions.tell_of_deeds import publish_mentions
from services.feed.actions.withdraw_post import check_author
from services.feed.clients.users import UsersClient
from services.feed.domain.drafts import alt_text_faults, caption_faults
from services.feed.domain.linked_text import LinkedText
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.posts import (
    Standing,
    bodies_by_ids,
    edit_alt_texts,
    edit_caption,
    lock_post,
)
from shared.contracts.posts import Post
from shared.errors import FieldError, Invalid, NotFound, PreconditionFailed, Unavailable
from shared.faults import fault
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

EDITED_TOPIC = "post.edited"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one post; None leaves the caption as it is.

    `alt_texts` are keyed by photo id. `versions` are the only ones that may be changed; None allows
    any.
    """

    post_id: int
    viewer_id: int
    caption: str | None = None
    alt_texts: Mapping[int, str] = field(default_factory=dict)
    versions: Collection[int] | None = None


async def edit_post(
    group: ShardGroup,
    bodies: PostBodies,
    users: UsersClient,
    reactions: PostReactions,
    edit: Edit,
) -> Post:
    """Edit the post and return it; an edit that changes nothing keeps its version.

    Raises Invalid, PreconditionFailed, and the Forbidden and NotFound of `check_author`.
    """
    faults = [
        *(() if edit.caption is None else caption_faults(edit.caption)),
        *alt_text_faults(edit.alt_texts),
    ]
    if faults:
        raise Invalid(errors=faults)
    await check_author(group, users, edit.post_id, edit.viewer_id)
    linked = None
    if edit.caption is not None:
        linked = await link_text(users, edit.caption, edit.viewer_id)
    async with group.writer(group.shard_of(edit.post_id)) as tx:
        standing = await lock_post(tx, edit.post_id)
        if standing is None:
            raise NotFound
        if edit.versions is not None and standing.version not in edit.versions:
            raise PreconditionFailed
        await _change(group, tx, edit, linked, standing)
    await _renew(bodies, edit.post_id)
    body = (await bodies_by_ids(group, [edit.post_id])).get(edit.post_id)
    if body is None:
        raise NotFound
    (post,) = await show_posts(reactions, [body], edit.viewer_id)
    return post


async def _change(
    group: ShardGroup, tx: Transaction, edit: Edit, linked: LinkedText | None, standing: Standing
) -> None:
    is_changed = False
    strange = set(edit.alt_texts) - set(standing.photo_ids)
    if strange:
        raise Invalid(errors=[_no_such_photo(photo_id) for photo_id in sorted(strange)])
    if edit.alt_texts:
        is_changed = await edit_alt_texts(tx, edit.post_id, edit.alt_texts)
        if is_changed:
            await tx.publish(DESCRIBED_TOPIC, {"post_id": edit.post_id})
    if linked is not None and edit.caption is not None:
        former = await edit_caption(tx, edit.viewer_id, edit.post_id, edit.caption, linked)
        if former is not None:
            is_changed = True
            await change_tags(group, tx, edit.post_id, before=former, after=linked.hashtags)
            # Users whom the former caption mentioned were told then.
            names = [name for name in linked.mentions if name not in standing.mentions]
            await publish_mentions(tx, names, edit.viewer_id, edit.post_id, edit.post_id)
    if is_changed:
        await tx.publish(EDITED_TOPIC, {"post_id": edit.post_id})


def _no_such_photo(photo_id: int) -> FieldError:
    return FieldError(f"alt_texts.{photo_id}", fault("not_in_post"))


async def renew_bodies(bodies: PostBodies, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events: replace all cached copies from before a change."""
    for event in events:
        await bodies.renew(event.payload["post_id"])


async def _renew(bodies: PostBodies, post_id: int) -> None:
    try:
        await bodies.renew(post_id)
    except Unavailable:
        # Readers may see the former caption for about a second, until the relay renews the copy.
        return

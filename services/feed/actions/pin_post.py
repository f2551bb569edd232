"""Pins the author's own post to the top of their page, or unpins it."""

from contextlib import suppress

from services.feed.actions.edit_post import EDITED_TOPIC
from services.feed.actions.withdraw_post import check_author
from services.feed.clients.users import UsersClient
from services.feed.store.post_bodies import PostBodies
from services.feed.store.posts import lock_author, pinned_count, set_pin
from shared.contracts.posts import Pinned
from shared.errors import Conflict, NotFound, Unavailable
from shared.sharding.shard_group import ShardGroup
from shared.wire_time import wire_time

PINS_MAX = 3


class TooManyPins(Conflict):
    """The author has as many pinned posts as the limit allows."""

    code = "too_many_pins"
    title = f"At most {PINS_MAX} posts can be pinned."


async def pin_post(
    group: ShardGroup,
    bodies: PostBodies,
    users: UsersClient,
    ends: tuple[int, int],
    *,
    is_pinned: bool,
) -> Pinned:
    """Pin or unpin a post; `ends` are viewer and post. Repeating it changes nothing.

    Raises TooManyPins, and the Forbidden and NotFound of `check_author`.
    """
    viewer_id, post_id = ends
    await check_author(group, users, post_id, viewer_id)
    async with group.writer(group.shard_of(post_id)) as tx:
        # The lock makes the second of two concurrent pins count the first.
        await lock_author(tx, viewer_id)
        change = await set_pin(tx, viewer_id, post_id, is_pinned=is_pinned)
        if change is None:
            raise NotFound
        if is_pinned and await pinned_count(tx, viewer_id) > PINS_MAX:
            raise TooManyPins
        await tx.publish(EDITED_TOPIC, {"post_id": post_id})
    # If Redis is away, other pages show the pin once the relay has renewed the body.
    with suppress(Unavailable):
        await bodies.renew(post_id)
    return {"pinned_at": None if change.pinned_at is None else wire_time(change.pinned_at)}

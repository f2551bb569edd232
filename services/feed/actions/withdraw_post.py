"""Withdraws the author's own post: every page drops it at once, its photos go soon."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from services.feed.actions.clear_post import CLEAR_DELAY_S, CLEAR_JOB
from services.feed.actions.confirm_photos import RELEASE_TOPIC, release
from services.feed.actions.tag_posts import change_tags
from services.feed.clients.users import UsersClient
from services.feed.store.fan_outs import forget_fan_out
from services.feed.store.post_bodies import PostBodies
from services.feed.store.posts import erase_post, find_authorship, lock_post
from shared.errors import Forbidden, NotFound, PreconditionFailed, Unavailable
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

WITHDRAWN_TOPIC = "post.withdrawn"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdraws which post; only `versions` may be withdrawn, None allows any."""

    post_id: int
    viewer_id: int
    versions: Collection[int] | None = None


async def withdraw_post(
    group: ShardGroup, bodies: PostBodies, users: UsersClient, asked: Withdrawal
) -> None:
    """Withdraw; doing it again changes nothing.

    Raises Forbidden for somebody else's post that the viewer may see. Raises NotFound if there is
    none or the viewer may not know of it, and PreconditionFailed.
    """
    await check_author(group, users, asked.post_id, asked.viewer_id)
    await withdraw_own_post(group, bodies, asked.post_id, asked.viewer_id, asked.versions)


async def check_author(group: ShardGroup, users: UsersClient, post_id: int, viewer_id: int) -> None:
    """Let the author pass, even for a withdrawn post; else raise as `withdraw_post` does."""
    authorship = await find_authorship(group, post_id)
    if authorship is None:
        raise NotFound
    if authorship.author_id != viewer_id:
        may_know = not authorship.is_gone and await users.may_view(
            authorship.author_id, viewer_id=viewer_id
        )
        raise Forbidden if may_know else NotFound


async def withdraw_own_post(
    group: ShardGroup,
    bodies: PostBodies,
    post_id: int,
    author_id: int,
    versions: Collection[int] | None = None,
) -> None:
    """Withdraw a post that the caller knows to be the author's; repeating changes nothing."""
    await _erase(group, author_id, post_id, versions)
    try:
        await bodies.forget(post_id)
    except Unavailable:
        # Copies of the body may show for about a second, until the relay forgets them.
        return


async def forget_bodies(bodies: PostBodies, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events: drop every cached copy of a withdrawn post."""
    for event in events:
        await bodies.forget(event.payload["post_id"])


async def _erase(
    group: ShardGroup, author_id: int, post_id: int, versions: Collection[int] | None
) -> None:
    async with group.writer(group.shard_of(post_id)) as tx:
        standing = None if versions is None else await lock_post(tx, post_id)
        if standing is not None and versions is not None and standing.version not in versions:
            raise PreconditionFailed
        erased = await erase_post(tx, author_id, post_id)
        if erased is None:
            return
        await change_tags(group, tx, post_id, before=erased.hashtags)
        await forget_fan_out(tx, post_id)
        await tx.publish(WITHDRAWN_TOPIC, _withdrawal(post_id))
        await tx.publish(RELEASE_TOPIC, release(author_id, erased.photo_ids, post_id))
        await tx.enqueue(CLEAR_JOB, _withdrawal(post_id), delay_s=CLEAR_DELAY_S)


def _withdrawal(post_id: int) -> dict[str, Any]:
    return {"post_id": post_id}

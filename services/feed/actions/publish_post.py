"""Publishes photos as a post, once per idempotency key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import Counter

from services.feed.actions.confirm_photos import CONFIRM_TOPIC, confirmation
from services.feed.actions.link_text import link_text
from services.feed.actions.tag_posts import change_tags
from services.feed.actions.tell_of_deeds import publish_mentions
from services.feed.clients.upload import UploadClient
from services.feed.clients.users import UsersClient
from services.feed.domain.drafts import Draft, faults_of
from services.feed.domain.post_bodies import NO_REACTIONS, completed, shown
from services.feed.store.fan_outs import begin_fan_out
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.posts import insert_post
from shared.errors import Invalid, Unavailable
from shared.http_server.idempotency_key import request_hash
from shared.sharding.idempotency import IdempotentRequest, begin_once
from shared.sharding.shard_group import ShardGroup

POSTS = Counter("retrato_feed_posts_total", "Posts published.")


@dataclass(frozen=True, slots=True)
class Asked:
    """The services that publishing calls before it writes a post."""

    upload: UploadClient
    users: UsersClient


async def publish_post(
    group: ShardGroup,
    asked: Asked,
    timelines: HomeTimelines,
    author_id: int,
    draft: Draft,
    key: str,
) -> Mapping[str, Any]:
    """The new post, or the recorded reply of the request that made it with this key.

    Raises Invalid, IdempotencyKeyReused and RequestInProgress. Upload's refusal of the photos
    passes through: NotFound, or Conflict for one that is not ready or in another post.
    """
    faults = faults_of(draft)
    if faults:
        raise Invalid(errors=faults)
    shard = group.shard_of(author_id)
    request = IdempotentRequest(f"publish:{author_id}", key, request_hash(draft), shard)
    async with begin_once(group, request) as attempt:
        if attempt.reply is not None:
            return cast(Mapping[str, Any], completed(attempt.reply))
        # A claim is repeatable under its key, so a second attempt gets the same photos.
        photos = await asked.upload.claim(draft.photo_ids, key, owner_id=author_id)
        linked = await link_text(asked.users, draft.caption, author_id)
        async with group.writer(shard) as tx:
            body = await insert_post(tx, author_id, draft, linked, photos)
            post = dict(shown(body, NO_REACTIONS))
            await begin_fan_out(tx, body["id"], author_id)
            await change_tags(group, tx, body["id"], after=body["hashtags"])
            await publish_mentions(tx, body["mentions"], author_id, body["id"], body["id"])
            await tx.publish(
                CONFIRM_TOPIC, confirmation(author_id, draft.photo_ids, key, body["id"])
            )
            await attempt.finish(tx, post)
            tx.count_after_commit(POSTS)
    await _show_author(timelines, author_id, body["id"])
    return post


async def _show_author(timelines: HomeTimelines, author_id: int, post_id: int) -> None:
    try:
        await timelines.push(post_id, [author_id])
    except Unavailable:
        # The author's own timeline lacks the post until the fan-out delivers it, moments later.
        return

"""Removes links to a deleted account from what others have written."""

from contextlib import suppress

from services.feed.actions.edit_post import EDITED_TOPIC
from services.feed.store.linked_texts import LinkedTexts, unlink
from services.feed.store.post_bodies import PostBodies
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup


async def unlink_account(group: ShardGroup, bodies: PostBodies, user_id: int, limit: int) -> bool:
    """Unlink one page of texts; False if there were none. The texts keep the typed names."""
    found = await LinkedTexts(group).naming(user_id, limit)
    for shard, ids_by_kind in found.items():
        async with group.writer(shard) as tx:
            for kind, ids in ids_by_kind.items():
                await unlink(tx, kind, sorted(ids), user_id)
            for post_id in ids_by_kind.get("post", ()):
                await tx.publish(EDITED_TOPIC, {"post_id": post_id})
        with suppress(Unavailable):
            # If Redis is away, a copy may name the account until the relay renews it a second
            # later.
            for post_id in ids_by_kind.get("post", ()):
                await bodies.renew(post_id)
    return bool(found)

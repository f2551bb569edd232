"""Finds a person whom the viewer may block or mute, or has blocked."""

import asyncio

from services.users.domain.following import check_two_people
from services.users.domain.visibility import Relation
from services.users.store.profiles import find_profile
from services.users.store.relations import relations_of
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def get_blockable_profile(group: ShardGroup, viewer_id: int, user_id: int) -> Relation:
    """The viewer's relation to the person; raises OwnAccount and NotFound.

    The viewer's own block does not hide the person here, so it can be removed. The person's block
    does, unless the viewer blocks them too.
    """
    check_two_people(viewer_id, user_id)
    person, relations = await asyncio.gather(
        find_profile(group, user_id), relations_of(group, viewer_id, [user_id])
    )
    relation = relations[user_id]
    if person is None or (relation.blocked_by and not relation.blocking):
        raise NotFound
    return relation

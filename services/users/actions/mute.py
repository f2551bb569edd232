"""Mutes a person in the viewer's timelines, invisibly to that person."""

from dataclasses import replace

from services.users.actions.get_visible_profile import get_visible_profile
from services.users.domain.following import check_two_people
from services.users.domain.profiles import relationship_of
from shared.contracts.people import Relationship
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup


async def mute(
    group: ShardGroup, mutes: Edges, viewer_id: int, user_id: int, *, muting: bool
) -> Relationship:
    """Mute, or unmute if `muting` is False; repeatable. Raises OwnAccount and NotFound."""
    check_two_people(viewer_id, user_id)
    known = await get_visible_profile(group, viewer_id, user_id)
    change = mutes.put if muting else mutes.remove
    await change(viewer_id, user_id)
    return relationship_of(replace(known.relation, muting=muting))

"""Finds a person whom the viewer may know of."""

import asyncio
from dataclasses import dataclass

from services.users.domain.profiles import ProfileFacts
from services.users.domain.visibility import STRANGERS, Relation, may_know, may_view
from services.users.store.profiles import find_profile
from services.users.store.relations import relations_of
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


@dataclass(frozen=True, slots=True)
class VisibleProfile:
    """A person, the viewer's relation to them, and whether their posts are visible."""

    person: ProfileFacts
    relation: Relation
    may_view: bool


async def get_visible_profile(
    group: ShardGroup, viewer_id: int | None, user_id: int
) -> VisibleProfile:
    """The profile; raises NotFound also if the viewer may not know of the person."""
    if viewer_id == user_id:
        person, relation = await find_profile(group, user_id), STRANGERS
    else:
        person, relations = await asyncio.gather(
            find_profile(group, user_id), relations_of(group, viewer_id, [user_id])
        )
        relation = relations[user_id]
    if person is None or not may_know(viewer_id, user_id, relation):
        raise NotFound
    is_private = person.card.is_private
    may = may_view(viewer_id, user_id, relation, owner_is_private=is_private)
    return VisibleProfile(person, relation, may)

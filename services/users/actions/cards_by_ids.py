"""Finds cards by id, each with the privacy decision for the viewer."""

import asyncio
from collections.abc import Sequence

from services.users.domain.profiles import card_of
from services.users.domain.visibility import may_know
from services.users.store.profiles import card_facts_by_ids
from services.users.store.relations import relations_of
from shared.contracts.people import Card
from shared.sharding.shard_group import ShardGroup


async def cards_by_ids(
    group: ShardGroup, viewer_id: int | None, ids: Sequence[int]
) -> dict[int, Card]:
    """Cards in the order of `ids`, without people the viewer may not know of.

    For any number of ids it costs one statement per primary for the facts and one for the
    relations.
    """
    cards, relations = await asyncio.gather(
        card_facts_by_ids(group, ids), relations_of(group, viewer_id, ids)
    )
    return {
        user_id: card_of(cards[user_id], viewer_id, relations[user_id])
        for user_id in ids
        if user_id in cards and may_know(viewer_id, user_id, relations[user_id])
    }

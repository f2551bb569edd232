"""Profiles: one with its counts for a person's page, or many for lists."""

from collections.abc import Iterable
from pathlib import Path

from services.users.domain.profile_change import ProfileFields
from services.users.domain.profiles import CardFacts, ProfileFacts
from services.users.domain.searchable_names import searchable_names
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def find_profile(group: ShardGroup, user_id: int) -> ProfileFacts | None:
    """Everything on a profile page, in one statement; None if absent or suspended."""
    row = await group.reader(group.shard_of(user_id)).row(_SQL["find_profile"], user_id=user_id)
    if row is None:
        return None
    return ProfileFacts(
        CardFacts(
            row["user_id"],
            row["username"],
            row["display_name"],
            row["avatar_key"],
            row["is_private"],
        ),
        bio=row["bio"],
        website=row["website"],
        followers_count=row["followers_count"],
        following_count=row["following_count"],
        version=row["version"],
        email=row["email"],
        email_is_verified=row["email_is_verified"],
    )


async def card_facts_by_ids(group: ShardGroup, ids: Iterable[int]) -> dict[int, CardFacts]:
    """Card facts of existing people; one statement per primary for any number of ids."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    shards = {group.shard_of(user_id) for user_id in wanted}
    rows = await group.rows_across(_SQL["cards"], shards, ids=wanted)
    return {row["user_id"]: CardFacts(*row) for row in rows}


async def lock_profile(tx: Transaction, user_id: int) -> ProfileFields | None:
    """The fields of a profile, locked until the transaction ends; None if absent."""
    row = await tx.row(_SQL["lock_profile"], user_id=user_id)
    return None if row is None else ProfileFields(**row)


async def change_profile(tx: Transaction, user_id: int, fields: ProfileFields) -> int:
    """Write all fields of a locked profile and return its new version."""
    version: int = await tx.value(
        _SQL["change_profile"],
        user_id=user_id,
        username=fields.username,
        display_name=fields.display_name,
        bio=fields.bio,
        website=fields.website,
        is_private=fields.is_private,
        avatar_photo_id=fields.avatar_photo_id,
        avatar_key=fields.avatar_key,
        searchable_names=searchable_names(fields.username, fields.display_name),
    )
    return version

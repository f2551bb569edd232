"""Rows of photos keep their limits under concurrent writes."""

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from services.upload.domain.picture_kinds import PictureKind
from services.upload.domain.quotas import AccountIsFull, DayIsFull, NoRoomForPhotos, Quota
from services.upload.store.photos import NewPhoto, insert_photo
from shared.errors import AppError
from shared.ids import first_id_at
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.upload.cast import new_id

_AGE = parse_query("age", "UPDATE :schema.photo SET id = id - :earlier WHERE owner_id = :owner_id")
# The guard of the disks sets it for everybody; here it holds for one transaction.
_REFUSE = parse_query("refuse", "SELECT set_config('retrato.uploads', 'refused', true)")


def _photo_of(owner_id: int) -> NewPhoto:
    content = secrets.token_bytes(8)
    return NewPhoto(
        owner_id, PictureKind.JPEG, hashlib.sha256(content).digest(), 8, f"quarantine/{owner_id}"
    )


async def _insert(group: ShardGroup, owner_id: int, quota: Quota) -> None:
    async with group.writer(group.shard_of(owner_id)) as tx:
        await insert_photo(tx, _photo_of(owner_id), quota)


@pytest.mark.parametrize(
    ("quota", "refusal"),
    [(Quota(photos_max=5), AccountIsFull), (Quota(photos_a_day_max=5), DayIsFull)],
)
async def test_concurrent_photos_pass_exactly_up_to_the_quota(
    group: ShardGroup, quota: Quota, refusal: type[AppError]
) -> None:
    alice = new_id()
    ends = await asyncio.gather(
        *(_insert(group, alice, quota) for _ in range(12)), return_exceptions=True
    )
    assert ends.count(None) == 5
    assert {type(end) for end in ends if end is not None} == {refusal}


async def test_photos_older_than_a_day_do_not_count_for_the_day(group: ShardGroup) -> None:
    alice, quota = new_id(), Quota(photos_a_day_max=1)
    await _insert(group, alice, quota)
    earlier_ms = int((datetime.now(UTC) - timedelta(hours=25)).timestamp() * 1000)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    async with group.writer(group.shard_of(alice)) as tx:
        earlier = first_id_at(now_ms) - first_id_at(earlier_ms)
        await tx.execute(_AGE, owner_id=alice, earlier=earlier)
    await _insert(group, alice, quota)


async def test_a_server_short_of_space_refuses_photos_until_it_has_space_again(
    group: ShardGroup,
) -> None:
    alice, bob = new_id(), new_id()
    async with group.writer(group.shard_of(alice)) as tx:
        await tx.row(_REFUSE)
        with pytest.raises(NoRoomForPhotos):
            await insert_photo(tx, _photo_of(alice))
    await _insert(group, bob, Quota())

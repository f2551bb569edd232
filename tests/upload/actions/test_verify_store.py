"""Database and store are compared both ways, without numbers where they are unknown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.upload.actions.verify_store import verify_store
from services.upload.store.objects import Objects
from shared.sharding.expected_rows import WHOLE_GROUP, note_expected, read_expected
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.upload.cast import Cast, new_id

_FORGET = parse_query("forget", "DELETE FROM :schema.photo WHERE id = :photo_id")
ANY_NUMBER = RemovalRules(at_least=1_000_000)


@pytest.fixture
async def expected_as_before(group: ShardGroup) -> AsyncIterator[None]:
    """Restore the expectations that a test has changed."""
    before = await read_expected(group)
    yield
    now = await read_expected(group)
    await note_expected(group, {key: before.get(key, 0) for key in now})


async def test_a_missing_rendition_is_reported(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    photo = await cast.has_photo(new_id())
    lost = photo.renditions[0]["key"]
    await objects.delete([lost])
    found = await verify_store(group, objects, datetime.now(UTC), ANY_NUMBER)
    assert lost in found.missing
    assert photo.renditions[-1]["key"] not in found.missing
    assert any("was the store's folder lost" in reason for reason in found.reasons)


async def test_lost_photos_are_noticed_although_no_rendition_is_missing(
    group: ShardGroup, objects: Objects, expected_as_before: None
) -> None:
    await note_expected(group, {(3, "photo"): 10_000})
    found = await verify_store(group, objects, datetime.now(UTC), ANY_NUMBER)
    assert any("and 10000 at the last good look" in reason for reason in found.reasons)
    # A comparison in doubt stores nothing, so the next one says the same.
    found = await verify_store(group, objects, datetime.now(UTC), ANY_NUMBER)
    assert any("and 10000 at the last good look" in reason for reason in found.reasons)


async def test_lost_objects_are_noticed(
    group: ShardGroup, objects: Objects, expected_as_before: None
) -> None:
    await note_expected(group, {(WHOLE_GROUP, "objects"): 1_000_000})
    found = await verify_store(group, objects, datetime.now(UTC), ANY_NUMBER)
    assert any("had 1000000 at the last good look" in reason for reason in found.reasons)


async def test_orphans_are_reported_by_primary_with_a_probable_cause(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    photo = await cast.has_photo(new_id())
    async with group.writer(group.shard_of(photo.id)) as tx:
        await tx.execute(_FORGET, photo_id=photo.id)
    at = datetime.now(UTC) + timedelta(hours=2)
    found = await verify_store(group, objects, at, RemovalRules(share_max=0.0, at_least=0))
    assert {rendition["key"] for rendition in photo.renditions} <= set(found.orphans)
    home = next(
        p.name for p in group.primaries() if group.shard_of(photo.id) in group.shards_on(p.name)
    )
    assert any(f"on {home} are orphans" in reason for reason in found.reasons)
    await objects.delete([rendition["key"] for rendition in photo.renditions])

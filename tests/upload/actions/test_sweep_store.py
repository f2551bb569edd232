"""What nothing stands for is swept, and what something stands for never is."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from services.upload.actions.claim_photos import claim_photos
from services.upload.actions.confirm_photos import confirm_photos
from services.upload.actions.release_photos import release_unattached_photos
from services.upload.actions.sweep_store import Swept, sweep_store
from services.upload.actions.verify_store import Comparison, verify_store
from services.upload.store.objects import Objects, archive_key, quarantine_key, rendition_key
from services.upload.store.photos import find_photo
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.upload.cast import Cast, new_id

_AGE_CLAIM = parse_query(
    "age_claim",
    "UPDATE :schema.photo SET claimed_at = now() - interval '6 days' WHERE id = :photo_id",
)


async def _age_claim(group: ShardGroup, photo_id: int) -> None:
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_AGE_CLAIM, photo_id=photo_id)


def _in(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


async def _sweep(group: ShardGroup, objects: Objects, now: datetime) -> Swept:
    planned = await sweep_store(group, objects, now, is_dry=True)
    swept = await sweep_store(group, objects, now)
    assert swept == planned
    return swept


async def test_objects_that_nothing_stands_for_are_swept_and_no_others(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice = new_id()
    waiting = await find_photo(group, (await cast.sends(alice))["id"])
    ready = await cast.has_photo(alice)
    assert waiting is not None
    assert waiting.quarantine_key is not None
    orphans = [
        quarantine_key(alice),
        rendition_key(ready.id, "large-0123456789abcdef.jpg"),
        rendition_key(new_id(), "large-0123456789abcdef.jpg"),
        archive_key(new_id()),
    ]
    strange = "quarantine/somebody.else"
    for key in (*orphans, strange):
        await objects.put_file(key, io.BytesIO(b"orphan"), 6)

    assert (await _sweep(group, objects, _in())).orphans == 0
    found = await verify_store(group, objects, _in(hours=2))
    assert set(found.orphans) >= set(orphans)
    assert strange not in found.orphans
    assert (await _sweep(group, objects, _in(hours=2))).orphans >= len(orphans)

    for key in orphans:
        with pytest.raises(NotFound):
            await objects.read(key, print)
    kept = [rendition["key"] for rendition in ready.renditions]
    for key in (*kept, waiting.quarantine_key, strange):
        assert await objects.exists(key)
    await objects.delete([strange])


async def test_photos_in_no_post_go_after_a_day_unless_somebody_claims_them(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice = new_id()
    forgotten, claimed, stuck, published = [await cast.has_photo(alice) for _ in range(4)]
    await claim_photos(group, alice, [claimed.id], "post/1", 0)
    await claim_photos(group, alice, [stuck.id], "post/3", 0)
    await _age_claim(group, stuck.id)
    await claim_photos(group, alice, [published.id], "post/2", 0)
    await confirm_photos(group, alice, [published.id], "post/2", new_id())
    await _sweep(group, objects, _in(hours=23))
    assert await find_photo(group, forgotten.id) is not None
    assert (await _sweep(group, objects, _in(hours=25))).photos >= 1
    assert await find_photo(group, forgotten.id) is None
    assert await find_photo(group, claimed.id) is not None
    # Its claim ran out, but it may be in a post whose confirmation is held up.
    assert await find_photo(group, stuck.id) is not None
    assert await find_photo(group, published.id) is not None


async def test_a_rendition_that_is_gone_is_named(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    photo = await cast.has_photo(new_id())
    lost = photo.renditions[0]["key"]
    await objects.delete([lost])
    found: Comparison = await verify_store(group, objects, _in())
    assert lost in found.missing
    assert photo.renditions[-1]["key"] not in found.missing


async def test_a_photo_that_a_post_gets_while_it_is_being_swept_stays(
    group: ShardGroup, cast: Cast
) -> None:
    alice = new_id()
    forgotten, wanted = [await cast.has_photo(alice) for _ in range(2)]
    await claim_photos(group, alice, [wanted.id], "post/1", 0)
    listed = [forgotten.id, wanted.id]
    await release_unattached_photos(group, group.shard_of(alice), listed)
    assert await find_photo(group, forgotten.id) is None
    assert await find_photo(group, wanted.id) is not None

"""Sweeps delete unknown objects, and never known ones."""

import io
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.upload.actions.claim_photos import claim_photos
from services.upload.actions.confirm_photos import confirm_photos
from services.upload.actions.release_photos import release_unattached_photos
from services.upload.actions.sweep_store import SweepRules, Swept, sweep_store
from services.upload.actions.verify_store import verify_store
from services.upload.store.objects import (
    Objects,
    archive_key,
    piece_key,
    quarantine_key,
    rendition_key,
)
from services.upload.store.photos import find_photo
from shared.errors import NotFound
from shared.ids import first_id_at
from shared.sharding import group_facts
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.upload.cast import Cast, new_id

_AGE_CLAIM = parse_query(
    "age_claim",
    "UPDATE :schema.photo SET claimed_at = now() - interval '6 days' WHERE id = :photo_id",
)


_AGE_NOTES = parse_query(
    "age_notes", "UPDATE :schema.orphan_mark SET marked_at = marked_at - interval '25 hours'"
)
_SEEN_BEFORE = parse_query(
    "seen_before",
    "UPDATE :schema.orphan_mark SET seen_at = seen_at - interval '15 minutes' WHERE key = :key",
)
_MARKS = parse_query("marks", "SELECT key FROM :schema.orphan_mark")
_NEXT_ID = parse_query("next_id", "SELECT :schema.next_id()")
_UPLOAD = """
    WITH upload AS (
        INSERT INTO :schema.upload (owner_id, length, touched_at)
        VALUES (:owner_id, 10, now() - interval '{age}') RETURNING id
    )
    INSERT INTO :schema.upload_piece (upload_id, start, size, sha256, key)
    SELECT id, 0, 10, sha256('x'), :key FROM upload
"""
_ABANDONED = parse_query("abandoned", _UPLOAD.format(age="3 days"))
_UNDER_WAY = parse_query("under_way", _UPLOAD.format(age="1 minute"))

# Earlier tests leave objects without rows.
ANY_NUMBER = SweepRules(removal=RemovalRules(at_least=1_000_000))


async def _age_claim(group: ShardGroup, photo_id: int) -> None:
    async with group.writer(group.shard_of(photo_id)) as tx:
        await tx.execute(_AGE_CLAIM, photo_id=photo_id)


def _in(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


async def _sweep(
    group: ShardGroup, objects: Objects, now: datetime, rules: SweepRules = ANY_NUMBER
) -> Swept:
    planned = await sweep_store(group, objects, now, replace(rules, is_dry=True))
    swept = await sweep_store(group, objects, now, rules)
    assert (swept.uploads, swept.photos, swept.orphans) == (
        planned.uploads,
        planned.photos,
        planned.orphans,
    )
    assert (swept.reasons, planned.deleted) == (planned.reasons, 0)
    return swept


async def _a_day_passes(group: ShardGroup) -> None:
    for shard in group.shards():
        async with group.writer(shard) as tx:
            await tx.execute(_AGE_NOTES)


async def _marks(group: ShardGroup) -> set[str]:
    return {row["key"] for row in await group.rows_across(_MARKS, group.shards())}


async def _unused_id(group: ShardGroup) -> int:
    """An id that its shard has issued and that has no row."""
    async with group.writer(group.shard_of(new_id())) as tx:
        id_: int = await tx.value(_NEXT_ID)
    return id_


async def _has_orphan(group: ShardGroup, objects: Objects) -> str:
    key = quarantine_key(new_id())
    await objects.put_file(key, io.BytesIO(b"orphan"), 6)
    return key


async def test_only_orphans_go_and_only_with_the_second_sweep(
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
        rendition_key(await _unused_id(group), "large-0123456789abcdef.jpg"),
        archive_key(new_id()),
    ]
    strange = "quarantine/somebody.else"
    for key in (*orphans, strange):
        await objects.put_file(key, io.BytesIO(b"orphan"), 6)

    assert (await _sweep(group, objects, _in())).orphans == 0
    assert not await _marks(group)
    first = await _sweep(group, objects, _in(hours=2))
    assert first.orphans >= len(orphans)
    assert first.deleted == 0
    assert set(orphans) <= await _marks(group)
    # On the same day nothing is deleted.
    assert (await _sweep(group, objects, _in(hours=2))).deleted == 0
    for key in orphans:
        assert await objects.exists(key)

    await _a_day_passes(group)
    assert (await _sweep(group, objects, _in(hours=2))).deleted >= len(orphans)
    for key in orphans:
        with pytest.raises(NotFound):
            await objects.read(key, print)
    assert not set(orphans) & await _marks(group)
    kept = [rendition["key"] for rendition in ready.renditions]
    for key in (*kept, waiting.quarantine_key, strange):
        assert await objects.exists(key)
    await objects.delete([strange])


async def test_a_note_goes_if_the_object_is_known_by_the_next_sweep(
    group: ShardGroup, objects: Objects
) -> None:
    alice = new_id()
    key = piece_key(alice)
    await objects.put_file(key, io.BytesIO(b"0123456789"), 10)
    await _sweep(group, objects, _in(hours=2))
    assert key in await _marks(group)
    async with group.writer(group.shard_of(alice)) as tx:
        await tx.execute(_UNDER_WAY, owner_id=alice, key=key)
        await tx.execute(_SEEN_BEFORE, key=key)
    await _sweep(group, objects, _in(hours=2))
    assert key not in await _marks(group)
    assert await objects.exists(key)


async def test_pieces_of_an_abandoned_upload_go_with_the_first_sweep_and_are_expected(
    group: ShardGroup, objects: Objects
) -> None:
    await _a_day_passes(group)
    await _sweep(group, objects, _in(hours=2))
    alice = new_id()
    keys = [piece_key(alice) for _ in range(3)]
    for key in keys:
        await objects.put_file(key, io.BytesIO(b"0123456789"), 10)
        async with group.writer(group.shard_of(alice)) as tx:
            await tx.execute(_ABANDONED, owner_id=alice, key=key)
    rules = SweepRules(removal=RemovalRules(at_least=0, share_max=0.0))
    swept = await sweep_store(group, objects, _in(hours=2), rules)
    assert (swept.uploads, swept.orphans, swept.deleted, swept.reasons) == (3, 3, 3, [])
    for key in keys:
        assert not await objects.exists(key)


async def test_unusually_many_orphans_stop_the_sweep(group: ShardGroup, objects: Objects) -> None:
    orphans = [await _has_orphan(group, objects) for _ in range(4)]
    await _sweep(group, objects, _in(hours=2))
    await _a_day_passes(group)
    strict = replace(ANY_NUMBER, removal=RemovalRules(share_max=0.0, at_least=3))
    swept = await _sweep(group, objects, _in(hours=2), strict)
    assert swept.deleted == 0
    assert "orphans; 3 are no surprise" in swept.reasons[0]
    assert "GO=1" in swept.reasons[-1]
    for key in orphans:
        assert await objects.exists(key)
    told = replace(strict, removal=replace(strict.removal, may_exceed=True))
    assert (await _sweep(group, objects, _in(hours=2), told)).deleted >= 4


@pytest.mark.parametrize("hours", [24, -24], ids=["ahead", "behind"])
async def test_a_clock_that_is_a_day_off_stops_the_sweep_first(
    group: ShardGroup, objects: Objects, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    """A process with a wrong clock; tests/infra/test_upkeep_in_doubt.py uses a real one."""
    monkeypatch.setattr(group_facts, "our_time_s", lambda: time.time() + hours * 3600)
    swept = await sweep_store(group, objects, _in(hours=hours), ANY_NUMBER)
    assert (swept.uploads, swept.photos, swept.orphans, swept.deleted) == (0, 0, 0, 0)
    assert "set the clocks right first" in swept.reasons[0]


async def test_an_object_older_than_its_shard_stops_the_sweep(
    group: ShardGroup, objects: Objects
) -> None:
    """The shard is younger than the photo: an empty one has replaced it."""
    old_photo = first_id_at(1_740_000_000_000) | (7 << 10)
    key = rendition_key(old_photo, "large-0123456789abcdef.jpg")
    await objects.put_file(key, io.BytesIO(b"lost?"), 5)
    swept = await _sweep(group, objects, _in(hours=2))
    assert swept.deleted == 0
    assert "made them anew" in swept.reasons[0]
    found = await verify_store(group, objects, _in(hours=2))
    assert any("made them anew" in reason for reason in found.reasons)
    home = next(p.name for p in group.primaries() if 7 in group.shards_on(p.name))
    assert f"LOST={home}" in swept.reasons[1]
    settled = replace(ANY_NUMBER, removal=replace(ANY_NUMBER.removal, lost=frozenset({home})))
    assert (await _sweep(group, objects, _in(hours=2), settled)).reasons == []
    await objects.delete([key])


async def test_an_object_with_a_future_id_stops_the_sweep(
    group: ShardGroup, objects: Objects
) -> None:
    """An older copy has replaced the shard."""
    photo = await _unused_id(group)
    newer = photo + (60_000 << 23)
    key = rendition_key(newer, "large-0123456789abcdef.jpg")
    await objects.put_file(key, io.BytesIO(b"lost?"), 5)
    swept = await _sweep(group, objects, _in(hours=2))
    assert swept.deleted == 0
    assert "not given out yet" in swept.reasons[0]
    await objects.delete([key])


async def test_photos_in_no_post_go_after_a_day_unless_claimed(
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
    # Its claim expired, but it may be in a post whose confirmation is delayed.
    assert await find_photo(group, stuck.id) is not None
    assert await find_photo(group, published.id) is not None


async def test_a_photo_claimed_during_a_sweep_stays(group: ShardGroup, cast: Cast) -> None:
    alice = new_id()
    forgotten, wanted = [await cast.has_photo(alice) for _ in range(2)]
    await claim_photos(group, alice, [wanted.id], "post/1", 0)
    listed = [forgotten.id, wanted.id]
    await release_unattached_photos(group, group.shard_of(alice), listed)
    assert await find_photo(group, forgotten.id) is None
    assert await find_photo(group, wanted.id) is not None

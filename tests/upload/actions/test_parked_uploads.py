"""Unfinished uploads are bounded per owner, even if many begin at once."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from services.upload.actions.sweep_store import ORPHAN_WAIT
from services.upload.domain.uploads import ParkingLimits, TooManyUploads
from services.upload.store.objects import Objects
from services.upload.store.orphan_notes import notes_of
from services.upload.store.uploads import delete_upload, piece_keys
from services.upload.store.uploads_under_way import UploadsUnderWay
from shared.contracts.photos import Upload
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.upload.actions.test_uploads import Sender
from tests.upload.pictures import small_jpeg

PLACES = 3

_LEAVE_ALONE = parse_query(
    "leave_alone",
    "UPDATE :schema.upload SET touched_at = now() - interval '61 minutes' WHERE id = :id",
)


@pytest.fixture
def alice(group: ShardGroup, objects: Objects, under_way: UploadsUnderWay) -> Sender:
    sender = Sender(group, objects, under_way, small_jpeg())
    sender.limits = ParkingLimits(PLACES, PLACES * len(sender.content))
    return sender


async def test_concurrent_uploads_stay_within_the_limit(alice: Sender) -> None:
    begun = await asyncio.gather(*(alice.begins() for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in begun) == PLACES
    assert all(isinstance(one, dict | TooManyUploads) for one in begun)


async def test_announced_bytes_are_bounded_too(alice: Sender) -> None:
    await alice.begins(2 * len(alice.content))
    await alice.begins()
    with pytest.raises(TooManyUploads):
        await alice.begins(1)


async def test_each_owner_has_a_separate_limit(
    alice: Sender, group: ShardGroup, objects: Objects, under_way: UploadsUnderWay
) -> None:
    for _ in range(PLACES):
        await alice.begins()
    bob = Sender(group, objects, under_way, small_jpeg())
    bob.limits = alice.limits
    assert (await bob.begins())["offset"] == 0


async def test_a_finished_or_deleted_upload_frees_its_place(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    for _ in range(PLACES):
        await alice.begins()
    await alice.sends(0, len(alice.content))
    await alice.begins()
    with pytest.raises(TooManyUploads):
        await alice.begins()
    await alice.gives_up()
    assert (await alice.begins())["offset"] == 0


async def test_a_repeated_key_gets_its_reply_even_at_the_limit(alice: Sender) -> None:
    begin = partial(alice.begins, key="k")
    first: Upload = await begin()
    for _ in range(PLACES - 1):
        await alice.begins()
    assert await begin() == first


async def test_an_upload_idle_for_an_hour_gives_way(alice: Sender, group: ShardGroup) -> None:
    begun = [(await alice.begins())["id"] for _ in range(PLACES)]
    async with group.writer(group.shard_of(alice.owner_id)) as tx:
        await tx.execute(_LEAVE_ALONE, id=begun[1])
    newest = (await alice.begins())["id"]
    with pytest.raises(TooManyUploads):
        await alice.begins()
    alice.id = begun[1]
    with pytest.raises(NotFound):
        await alice.asks()
    for alice.id in (begun[0], begun[2], newest):
        assert (await alice.asks())["offset"] == 0


async def _gives_way(alice: Sender, group: ShardGroup) -> None:
    async with group.writer(group.shard_of(alice.id)) as tx:
        await tx.execute(_LEAVE_ALONE, id=alice.id)
    for _ in range(PLACES):
        await alice.begins()


async def _is_deleted(alice: Sender, group: ShardGroup) -> None:
    await delete_upload(group, alice.id, alice.owner_id)


@pytest.mark.parametrize("ends", [_gives_way, _is_deleted])
async def test_pieces_of_an_upload_that_ended_are_expected_orphans(
    alice: Sender, group: ShardGroup, ends: Callable[[Sender, ShardGroup], Awaitable[None]]
) -> None:
    await alice.begins()
    await alice.sends(0, 70)
    (key,) = await piece_keys(group, alice.id)
    await ends(alice, group)
    notes = await notes_of(group, {key: group.shard_of(alice.owner_id)}, ORPHAN_WAIT)
    assert notes[key].given_up
    assert notes[key].is_due

"""Upload erases a deleted account with its objects."""

import asyncio
import io

import pytest

from services.upload.actions import erase_account as action
from services.upload.actions.erase_account import erase_account
from services.upload.actions.open_upload import open_upload
from services.upload.actions.receive_archive import receive_archive
from services.upload.actions.receive_photo import SentPicture, receive_photo
from services.upload.clients.media_caches import MediaCaches
from services.upload.domain.uploads import NewUpload, ParkingLimits
from services.upload.store.archives import archive_ids_of_owner
from services.upload.store.erasures import lock_owner, photo_ids_of_owner
from services.upload.store.objects import Objects, quarantine_key
from services.upload.store.uploads import insert_upload, upload_ids_of_owner
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, in_pieces, new_id, room_for_all
from tests.upload.pictures import small_jpeg
from tests.upload.upload_api import UploadApi


async def test_erasing_removes_photos_renditions_and_originals(
    cast: Cast, group: ShardGroup, objects: Objects, caches: MediaCaches
) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await objects.put_file(quarantine_key(alice), io.BytesIO(b"left behind"), 11)
    assert not await erase_account(group, objects, caches, alice)
    assert not await erase_account(group, objects, caches, alice)
    assert await erase_account(group, objects, caches, alice)
    assert await photo_ids_of_owner(group, alice, 10) == []
    assert await objects.keys_of_originals(alice, 10) == []
    file_name = photo.renditions[0]["key"].rsplit("/", 1)[1]
    with pytest.raises(NotFound):
        async with objects.open_rendition(photo.id, file_name):
            pass


async def test_erasing_removes_more_uploads_than_a_page(
    group: ShardGroup, objects: Objects, caches: MediaCaches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "PAGE_MAX", 2)
    alice = new_id()
    for _ in range(5):
        new = NewUpload(alice, 100, "", None)
        await open_upload(group, room_for_all(group), new, None, ParkingLimits(10, 1_000))
    pages = 1
    while not await erase_account(group, objects, caches, alice):
        pages += 1
        assert pages < 10
    assert await upload_ids_of_owner(group, alice, 10) == []


async def test_what_was_on_its_way_when_the_account_was_erased_is_refused_and_leaves_nothing(
    group: ShardGroup, objects: Objects, caches: MediaCaches
) -> None:
    alice, archive_id = new_id(), 0
    while group.shard_of(archive_id) != group.shard_of(alice) or not archive_id:
        archive_id = new_id()
    while not await erase_account(group, objects, caches, alice):
        pass

    with pytest.raises(NotFound):
        await receive_photo(group, objects, SentPicture(alice, in_pieces(small_jpeg()), "key"))
    new = NewUpload(alice, 100, "", None)
    with pytest.raises(NotFound):
        await open_upload(group, room_for_all(group), new, None, ParkingLimits(10, 1_000))
    with pytest.raises(NotFound):
        await receive_archive(group, objects, alice, archive_id, in_pieces(b"zip"))
    assert await photo_ids_of_owner(group, alice, 10) == []
    assert await upload_ids_of_owner(group, alice, 10) == []
    assert await archive_ids_of_owner(group, alice, 10) == []
    assert await objects.keys_of_originals(alice, 10) == []


async def test_an_erasure_waits_for_what_is_being_added(
    group: ShardGroup, objects: Objects, caches: MediaCaches
) -> None:
    alice = new_id()
    async with group.writer(group.shard_of(alice)) as tx:
        await lock_owner(tx, alice)
        erasing = asyncio.create_task(erase_account(group, objects, caches, alice))
        await insert_upload(tx, NewUpload(alice, 100, "", None))
        assert not erasing.done()
    # It has found the upload, although that was committed after it began.
    assert not await erasing
    assert await upload_ids_of_owner(group, alice, 10) == []


async def test_the_route_says_when_it_has_finished(api: UploadApi) -> None:
    reply = await api.post(f"/accounts/{new_id()}/erase", {})
    assert reply.json() == {"finished": True}

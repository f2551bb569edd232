"""Archives: documents arrive, photos are added, and all of it expires."""

import io
import zipfile

import pytest

from services.upload.actions.compose_archive import compose_archive
from services.upload.actions.forget_archive import forget_archive
from services.upload.actions.receive_archive import receive_archive
from services.upload.store.archives import find_archive
from services.upload.store.objects import Objects, archive_key, documents_key
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, in_pieces, new_id


def _documents() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("profile.json", "[1]")
    return file.getvalue()


async def _received(group: ShardGroup, objects: Objects, owner_id: int) -> int:
    # Another id of the same shard.
    archive_id = owner_id + (1 << 23)
    await receive_archive(group, objects, owner_id, archive_id, in_pieces(_documents()))
    return archive_id


async def _names(objects: Objects, archive_id: int) -> list[str]:
    content = bytearray()
    await objects.read(archive_key(archive_id), content.extend)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


async def test_photos_are_added_once_even_if_composed_repeatedly(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice, bob = new_id(), new_id()
    photo = await cast.has_photo(alice)
    await cast.has_photo(bob)
    archive_id = await _received(group, objects, alice)
    for _time in range(2):
        await compose_archive(group, objects, archive_id)
    assert await _names(objects, archive_id) == [
        "profile.json",
        f"photos/{photo.id}.jpg",
        "photos.json",
    ]
    with pytest.raises(NotFound):
        await objects.read(documents_key(archive_id), print)
    found = await find_archive(group, archive_id)
    assert found is not None
    assert found.state == "ready"


async def test_an_archive_in_another_users_shard_is_refused(
    group: ShardGroup, objects: Objects
) -> None:
    alice = new_id()
    with pytest.raises(NotFound):
        await receive_archive(group, objects, alice, alice ^ (1 << 10), in_pieces(_documents()))


async def test_a_deleted_archive_leaves_nothing(group: ShardGroup, objects: Objects) -> None:
    archive_id = await _received(group, objects, new_id())
    await compose_archive(group, objects, archive_id)
    for _time in range(2):
        await forget_archive(group, objects, archive_id)
    assert await find_archive(group, archive_id) is None
    with pytest.raises(NotFound):
        await objects.read(archive_key(archive_id), print)
    # A late job finds nothing to do.
    await compose_archive(group, objects, archive_id)

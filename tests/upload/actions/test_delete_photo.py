"""A released photo leaves no object and no row; other photos stay."""

import pytest

from services.upload.actions.confirm_photos import confirm_photos
from services.upload.actions.delete_photo import delete_photo
from services.upload.actions.release_photos import release_photos
from services.upload.clients.media_caches import MediaCaches
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo, find_released_photo
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, new_id


async def test_everything_of_a_released_photo_is_deleted(
    group: ShardGroup, objects: Objects, caches: MediaCaches, cast: Cast
) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await release_photos(group, alice, [photo.id])
    assert await find_photo(group, photo.id) is None
    for _ in range(2):
        await delete_photo(group, objects, caches, photo.id)
    assert await find_released_photo(group, photo.id) is None
    for rendition in photo.renditions:
        with pytest.raises(NotFound):
            async with objects.open_rendition(photo.id, rendition["key"].rpartition("/")[2]):
                pass


async def test_a_photo_is_not_deleted_unless_released(
    group: ShardGroup, objects: Objects, caches: MediaCaches, cast: Cast
) -> None:
    photo = await cast.has_photo(new_id())
    await delete_photo(group, objects, caches, photo.id)
    assert await find_photo(group, photo.id) == photo


async def test_a_post_releases_only_photos_that_no_other_post_has(
    group: ShardGroup, cast: Cast
) -> None:
    alice = new_id()
    first, second = new_id(), new_id()
    photo = await cast.has_photo(alice)
    await confirm_photos(group, alice, [photo.id], "the second's claim", second)
    await confirm_photos(group, alice, [photo.id], "the first's, which had run out", first)
    await release_photos(group, alice, [photo.id], first)
    assert await find_photo(group, photo.id) is not None
    await release_photos(group, alice, [photo.id], second)
    assert await find_photo(group, photo.id) is None


async def test_a_post_releases_photos_not_confirmed_yet(group: ShardGroup, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await release_photos(group, alice, [photo.id], new_id())
    assert await find_photo(group, photo.id) is None

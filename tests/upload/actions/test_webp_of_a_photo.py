"""With the setting on, WebP renditions live and end with their photo's rows."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from services.upload.actions.delete_photo import delete_photo
from services.upload.actions.discard_photo import discard_photo
from services.upload.actions.edit_photo import PhotoChange, edit_photo
from services.upload.actions.tidy_photo import tidy_photo
from services.upload.clients.workshop import Workshop
from services.upload.domain.photos import StoredPhoto
from services.upload.domain.renditions import ALL_FORMATS, can_write_webp
from services.upload.resources import Resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import rendition_key
from tests.upload.api.test_renditions import fetch
from tests.upload.cast import Cast, new_id
from tests.upload.pictures import jpeg, opened, photograph
from tests.upload.upload_api import UploadApi

pytestmark = pytest.mark.skipif(not can_write_webp(), reason="Pillow was built without libwebp")


@pytest.fixture
async def cast(resources: Resources, decoder_python: str) -> AsyncIterator[Cast]:
    workshop = Workshop(decoder_python, 1, ALL_FORMATS)
    yield Cast(resources.group, resources.objects, workshop)
    await workshop.close()


async def _stored(resources: Resources, photo_id: int) -> set[str]:
    listed, _ = await resources.objects.page(rendition_key(photo_id, ""), "", 100)
    return {found.key for found in listed}


def _keys(photo: StoredPhoto) -> set[str]:
    return {said["key"] for said in photo.renditions}


async def test_a_photo_has_both_formats_until_it_is_edited_and_deleted(
    cast: Cast, resources: Resources, api: UploadApi, settings: UploadSettings
) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice, jpeg(photograph(1200, 900)))
    kinds = [said["content_type"] for said in photo.renditions]
    assert kinds == ["image/jpeg"] * 4 + ["image/webp"] * 4
    for said in photo.renditions:
        reply = await fetch(api, settings, said["key"])
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, said["content_type"])
        assert hashlib.sha256(reply.content).hexdigest()[:16] in said["key"]
        assert opened(reply.content).size == (said["width"], said["height"])

    change = PhotoChange(frozenset({"filter"}), filter_name="harbour")
    await edit_photo(resources.group, alice, photo.id, change)
    edited = await cast.processes(photo.id)
    await tidy_photo(resources.group, resources.objects, resources.caches, photo.id)
    assert len(edited.renditions) == 8
    assert not _keys(edited) & _keys(photo)
    assert await _stored(resources, photo.id) == edited.known_keys == _keys(edited) | _keys(photo)

    await discard_photo(resources.group, alice, photo.id, None)
    await delete_photo(resources.group, resources.objects, resources.caches, photo.id)
    assert await _stored(resources, photo.id) == set()

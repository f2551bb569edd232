"""Renditions as nginx fetches them."""

import hashlib

import httpx
import pytest

from services.upload.settings import UploadSettings
from tests.upload.cast import Cast, new_id
from tests.upload.pictures import opened
from tests.upload.upload_api import UploadApi


async def fetch(
    api: UploadApi, settings: UploadSettings, key: str, **headers: str
) -> httpx.Response:
    token = settings.media_token.get_secret_value()
    return await api.client.get(f"/{key}", headers={"Authorization": f"Media {token}", **headers})


async def test_a_rendition_arrives_complete_and_may_be_cached_for_ever(
    api: UploadApi, cast: Cast, settings: UploadSettings
) -> None:
    photo = await cast.has_photo(new_id())
    for said in photo.renditions:
        reply = await fetch(api, settings, said["key"])
        assert reply.status_code == 200
        assert reply.headers["Content-Type"] == "image/jpeg"
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert int(reply.headers["Content-Length"]) == len(reply.content) == said["bytes"]
        assert hashlib.sha256(reply.content).hexdigest()[:16] in said["key"]
        assert opened(reply.content).size == (said["width"], said["height"])


async def test_a_caller_with_the_etag_gets_304(
    api: UploadApi, cast: Cast, settings: UploadSettings
) -> None:
    photo = await cast.has_photo(new_id())
    key = photo.renditions[0]["key"]
    tag = (await fetch(api, settings, key)).headers["ETag"]
    again = await fetch(api, settings, key, **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("authorization", ["", "Media", "Media wrong", "Bearer {token}"])
async def test_calls_without_the_token_are_refused(
    api: UploadApi, cast: Cast, settings: UploadSettings, authorization: str
) -> None:
    photo = await cast.has_photo(new_id())
    given = authorization.format(token=settings.media_token.get_secret_value())
    reply = await fetch(api, settings, photo.renditions[0]["key"], Authorization=given)
    assert reply.status_code == 401


@pytest.mark.parametrize(
    "key",
    [
        "renditions/123/large-0123456789abcdef.jpg",
        "renditions/123/large-0123456789abcdef.png",
        "renditions/123/original.jpg",
        "renditions/0/large-0123456789abcdef.jpg",
        "renditions/123/..%2F..%2Fquarantine%2F1%2F2",
        "renditions/123/large-0123456789abcdef.jpg%00",
    ],
)
async def test_an_impossible_name_gives_404(
    api: UploadApi, settings: UploadSettings, key: str
) -> None:
    assert (await fetch(api, settings, key)).status_code == 404

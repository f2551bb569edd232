"""Photos for their owner: send, poll, edit, delete."""

from collections.abc import Collection
from typing import Annotated, cast

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.upload.actions.discard_photo import discard_photo
from services.upload.actions.edit_photo import PhotoChange, edit_photo
from services.upload.actions.receive_photo import SentPicture, receive_photo
from services.upload.api.picture_body import BODY_BYTES_MAX, FIELD, picture_in
from services.upload.domain.alt_texts import ALT_TEXT_CHARACTERS_MAX
from services.upload.domain.photos import photo_of
from services.upload.domain.picture_kinds import PictureKind
from services.upload.resources import resources_of
from services.upload.store.photos import get_own_photo, used_of_quota
from shared.contracts.examples import PHOTO_ID
from shared.contracts.photos import Crop, Photo, QuotaUse
from shared.errors import NotFound
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.repr_digest import ReprDigest, sha256_in
from shared.http_server.versions import Versions
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Photos"])

_ID_MAX = 2**63 - 1
_BYTES = {"schema": {"type": "string", "format": "binary"}}
# The body is read as a stream, which the framework cannot document by itself.
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {FIELD: {"type": "string", "format": "binary"}},
            }
        },
        **{kind.value: _BYTES for kind in PictureKind},
    },
}


class CropBody(BaseModel):
    """A part of the upright picture, as shares of its width and height."""

    x: float = Field(description="Its left edge.", examples=[0.1])
    y: float = Field(description="Its upper edge.", examples=[0.0])
    width: float = Field(examples=[0.8])
    height: float = Field(examples=[0.5])


class PhotoBody(BaseModel):
    """What to change; fields left out stay."""

    alt_text: str = Field(
        "",
        description="A description for people who cannot see the picture.",
        json_schema_extra={"maxLength": ALT_TEXT_CHARACTERS_MAX},
        examples=["A lighthouse in the fog"],
    )
    filter: str | None = Field(
        None, description="A name from `GET /filters`; null removes it.", examples=["harbour"]
    )
    crop: CropBody | None = Field(None, description="The part to show; null means all of it.")

    def change(self, versions: Collection[int] | None) -> PhotoChange:
        """The same as an action's value."""
        crop = None if self.crop is None else cast(Crop, self.crop.model_dump())
        fields = frozenset(self.model_fields_set)
        return PhotoChange(fields, self.alt_text, self.filter, crop, versions)


@router.post(
    "/photos",
    status_code=202,
    summary="Send a picture",
    max_body_size=BODY_BYTES_MAX,
    openapi_extra={"requestBody": _BODY},
    responses={
        **reply(202, Photo, "Received and durable; being processed."),
        **problem_replies(400, 401, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def post_photo(
    request: Request,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
    digest: ReprDigest = None,
) -> Response:
    """Takes raw bytes, or the field `file` of a form; at most 20 MB.

    415 for another kind than the five, 422 `not_an_image` for bytes that are no picture and
    `digest_mismatch` if they differ from the digest. A damaged picture, or one too large to decode,
    ends as `failed`. 503 `overloaded` while too many wait.
    """
    resources = resources_of(request)
    sent = SentPicture(viewer_id, picture_in(request), idempotency_key, sha256_in(digest))
    photo = await receive_photo(resources.group, resources.objects, sent, resources.backlog)
    return JsonReply(photo, 202)


@router.get(
    "/quota",
    summary="The viewer's quota",
    responses={**reply(200, QuotaUse, "The quota and its use."), **problem_replies(401, 503)},
)
async def get_quota(request: Request, viewer_id: ViewerId) -> Response:
    """How many photos the viewer has, in all and from the last 24 hours, and the limits."""
    return JsonReply(await used_of_quota(resources_of(request).group, viewer_id))


@router.get(
    "/photos/{photo_id}",
    summary="The viewer's photo",
    responses={
        **reply(200, Photo, "The photo as it now is."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_photo(
    request: Request,
    photo_id: Annotated[int, Path(examples=[PHOTO_ID])],
    viewer_id: ViewerId,
) -> Response:
    """404 for another's photo, as for an unknown one."""
    _check_possible(photo_id)
    resources = resources_of(request)
    polled = await resources.polled.find(photo_id)
    if polled is not None and polled.owner_id == viewer_id:
        return JsonReply(polled.photo)
    photo = photo_of(await get_own_photo(resources.group, photo_id, viewer_id))
    if photo["state"] == "processing":
        await resources.polled.keep(viewer_id, photo)
    return JsonReply(photo)


@router.patch(
    "/photos/{photo_id}",
    summary="Edit the viewer's photo",
    responses={
        **reply(200, Photo, "The photo as it now is."),
        **problem_replies(400, 401, 404, 409, 412, 422, 503),
    },
)
async def patch_photo(
    request: Request,
    photo_id: Annotated[int, Path(examples=[PHOTO_ID])],
    body: PhotoBody,
    viewer_id: ViewerId,
    version: Versions = None,
) -> Response:
    """Edit a photo that is in no post; 409 `photo_already_published` otherwise.

    A new filter or crop makes it `processing` until drawn, always from the unedited picture. 409
    `photo_not_ready` or `photo_failed` if there is nothing to draw from.
    """
    _check_possible(photo_id)
    resources = resources_of(request)
    photo = await edit_photo(resources.group, viewer_id, photo_id, body.change(version))
    await resources.polled.note_change(photo_id)
    return JsonReply(photo)


@router.delete(
    "/photos/{photo_id}",
    status_code=204,
    summary="Delete the viewer's photo",
    responses={
        **no_content("It is gone, even if it was before."),
        **problem_replies(401, 404, 409, 412, 422, 503),
    },
)
async def delete_photo(
    request: Request,
    photo_id: Annotated[int, Path(examples=[PHOTO_ID])],
    viewer_id: ViewerId,
    version: Versions = None,
) -> Response:
    """Delete a photo that is in no post; 409 `photo_already_published` otherwise."""
    _check_possible(photo_id)
    resources = resources_of(request)
    await discard_photo(resources.group, viewer_id, photo_id, version)
    await resources.polled.note_change(photo_id)
    return Response(status_code=204)


def _check_possible(photo_id: int) -> None:
    # No row can have such an id, so this is NotFound rather than Invalid.
    if not 0 < photo_id <= _ID_MAX:
        raise NotFound

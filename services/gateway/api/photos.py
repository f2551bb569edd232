"""Uploads, polls, edits and deletes photos."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.edit_photo import edit_photo
from services.gateway.api.client_body import ClientBody
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import PhotoId
from services.gateway.api.preconditions import IfMatch
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    DIGEST_MISMATCH,
    IDEMPOTENCY_KEY_REUSED,
    INVALID,
    NOT_AN_IMAGE,
    NOT_FOUND,
    PHOTO_ALREADY_PUBLISHED,
    PHOTO_FAILED,
    PHOTO_NOT_READY,
    PRECONDITION_FAILED,
    QUOTA_EXCEEDED,
    REQUEST_IN_PROGRESS,
    TOO_LARGE,
    TOO_MANY_PHOTOS_TODAY,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
    problems,
)
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import no_content, reply
from services.gateway.api.session import ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.photos import Photo, PhotoReply, public_photo
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.repr_digest import ReprDigest

router = APIRouter(tags=["Photos"])

# A picture of 20 MB and the multipart form around it.
_BODY_BYTES_MAX = 21 * 1024 * 1024

_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The picture: JPEG, PNG, WebP, HEIC or AVIF, up to 20 MB,"
        " 51,000,000 pixels and 65,500 on a side.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "The picture's file.",
                        }
                    },
                }
            },
            "image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}},
        },
    }
}


class CropChange(ClientBody):
    """A part of the upright picture, as shares of its size; upload enforces the limits."""

    x: float = Field(description="Its left edge, from 0.", examples=[0.1])
    y: float = Field(description="Its upper edge, from 0.", examples=[0.0])
    width: float = Field(description="At least 0.1.", examples=[0.8])
    height: float = Field(description="At least 0.1.", examples=[0.5])


class PhotoChange(ClientBody):
    """What to change; fields left out stay. Upload enforces the limits."""

    alt_text: Text = Field(
        "",
        description="A description for people who cannot see the picture.",
        json_schema_extra={"maxLength": 1500},
        examples=["A lighthouse in the fog"],
    )
    filter: Text | None = Field(
        None, description="A name from `GET /v1/filters`; null removes it.", examples=["harbour"]
    )
    crop: CropChange | None = Field(None, description="The part to show; null means all of it.")


@router.post(
    "/v1/photos",
    status_code=202,
    summary="Upload a photo",
    max_body_size=_BODY_BYTES_MAX,
    openapi_extra=_UPLOAD_BODY,
    responses={
        **reply(202, PhotoReply, "Received; being processed."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            REQUEST_IN_PROGRESS,
            TOO_LARGE,
            UNSUPPORTED_MEDIA_TYPE,
            INVALID,
            NOT_AN_IMAGE,
            DIGEST_MISMATCH,
            IDEMPOTENCY_KEY_REUSED,
            TOO_MANY_REQUESTS,
            TOO_MANY_PHOTOS_TODAY,
            QUOTA_EXCEEDED,
        ),
    },
)
async def upload_photo(
    request: Request,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
    digest: ReprDigest = None,
) -> Response:
    """Send a picture in one request, as a form or as raw bytes.

    Publish it with `POST /v1/posts`, which waits for the processing. Only resized copies are
    published: upright, in sRGB, without metadata. The original is deleted.
    """
    resources = resources_of(request)
    headers = _headers_to_pass_on(request, key_or_new(idempotency_key))
    if digest is not None:
        headers["Repr-Digest"] = digest
    photo = await resources.upload.send_photo(request.stream(), headers, viewer_id=viewer_id)
    return private_reply({"photo": public_photo(photo, resources.url_of())}, 202)


@router.get(
    "/v1/photos/{photo_id:id}",
    summary="An own photo",
    responses={
        **reply(200, Photo, "The photo and its state."),
        **problems(UNAUTHENTICATED, NOT_FOUND),
    },
)
async def get_photo(request: Request, photo_id: PhotoId, viewer_id: ViewerId) -> Response:
    """The state of your own photo and, once it is ready, its renditions."""
    resources = resources_of(request)
    photo = await resources.upload.photo(photo_id, viewer_id=viewer_id)
    return private_reply(public_photo(photo, resources.url_of()))


@router.patch(
    "/v1/photos/{photo_id:id}",
    summary="Change an own photo",
    responses={
        **reply(200, Photo, "The photo as it is now."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            NOT_FOUND,
            PHOTO_ALREADY_PUBLISHED,
            PHOTO_NOT_READY,
            PHOTO_FAILED,
            PRECONDITION_FAILED,
            INVALID,
        ),
    },
)
async def patch_photo(
    request: Request,
    photo_id: PhotoId,
    change: PhotoChange,
    viewer_id: ViewerId,
    versions: IfMatch,
) -> Response:
    """Set alternative text, filter and crop; a published photo keeps its filter and crop.

    A new filter or crop makes it `processing` for a few tenths of a second. Each is drawn from the
    photo as received, so you may try several in turn.
    """
    resources = resources_of(request)
    said = change.model_dump(exclude_unset=True)
    photo = await edit_photo(resources.upload, resources.feed, photo_id, said, viewer_id, versions)
    return private_reply(public_photo(photo, resources.url_of()))


@router.delete(
    "/v1/photos/{photo_id:id}",
    status_code=204,
    response_class=Response,
    summary="Delete an own photo",
    responses={
        **no_content("It is gone, even if it was before."),
        **problems(UNAUTHENTICATED, NOT_FOUND, PHOTO_ALREADY_PUBLISHED, PRECONDITION_FAILED),
    },
)
async def delete_photo(
    request: Request, photo_id: PhotoId, viewer_id: ViewerId, versions: IfMatch
) -> Response:
    """Delete your own photo that is in no post; a post's photos go with the post."""
    upload = resources_of(request).upload
    await upload.delete_photo(photo_id, viewer_id=viewer_id, versions=versions)
    return Response(status_code=204)


def _headers_to_pass_on(request: Request, idempotency_key: str) -> dict[str, str]:
    passed_on = {"Idempotency-Key": idempotency_key}
    for name in ("Content-Type", "Content-Length"):
        if (value := request.headers.get(name)) is not None:
            passed_on[name] = value
    return passed_on

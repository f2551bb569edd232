"""Photos as their owner sees them: sent in, and looked at."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.upload.actions.receive_photo import receive_photo
from services.upload.api import examples
from services.upload.api.opened import opened
from services.upload.api.picture_body import BODY_BYTES_MAX, FIELD, picture_in
from services.upload.api.reply_docs import reply
from services.upload.domain.photos import photo_of
from services.upload.domain.picture_kinds import PictureKind
from services.upload.store.photos import get_own_photo
from shared.contracts.photos import Photo
from shared.errors import NotFound
from shared.web.idempotency_key import IdempotencyKey
from shared.web.json_reply import JsonReply
from shared.web.problems import problem_replies
from shared.web.viewer import ViewerId

router = APIRouter(tags=["Photos"])

_ID_MAX = 2**63 - 1
_BYTES = {"schema": {"type": "string", "format": "binary"}}
# The body is read as a stream, which the framework cannot describe by itself.
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


@router.post(
    "/photos",
    status_code=202,
    summary="Send a picture",
    max_body_size=BODY_BYTES_MAX,
    openapi_extra={"requestBody": _BODY},
    responses={
        **reply(202, Photo, "Received and durable; being processed.", examples.PROCESSING),
        **problem_replies(400, 401, 409, 413, 415, 422, 503),
    },
)
async def post_photo(
    request: Request, viewer_id: ViewerId, idempotency_key: IdempotencyKey = None
) -> Response:
    """The bytes as they are, or the field `file` of a form; at most 20 MB.

    415 for content of another kind than the five, 422 `not_an_image` for what is no picture. A
    picture that is found to be damaged or too large to decode ends as `failed`.
    """
    resources = opened(request)
    photo = await receive_photo(
        resources.group, resources.objects, viewer_id, picture_in(request), idempotency_key
    )
    return JsonReply(photo, 202)


@router.get(
    "/photos/{photo_id}",
    summary="One's own photo",
    responses={
        **reply(200, Photo, "The photo as it now is.", examples.READY),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_photo(
    request: Request,
    photo_id: Annotated[int, Path(examples=[examples.PHOTO_ID])],
    viewer_id: ViewerId,
) -> Response:
    """404 for a photo of somebody else, as for one that is not there."""
    if not 0 < photo_id <= _ID_MAX:
        raise NotFound
    return JsonReply(photo_of(await get_own_photo(opened(request).group, photo_id, viewer_id)))

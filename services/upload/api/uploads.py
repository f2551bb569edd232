"""Resumable uploads: begin, append, poll, delete."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.upload.actions.append_to_upload import SentPiece, append_to_upload
from services.upload.actions.finish_upload import get_own_upload, progress_of
from services.upload.actions.give_up_upload import give_up_upload
from services.upload.actions.open_upload import open_upload
from services.upload.domain.uploads import METADATA_CHARACTERS_MAX, PIECE_BYTES_MAX, NewUpload
from services.upload.resources import resources_of
from shared.contracts.examples import PHOTO_ID
from shared.contracts.photos import Upload
from shared.deadlines import start_deadline
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.viewer import ViewerId
from shared.network.call_headers import REPEATED_HEADER

router = APIRouter(tags=["Uploads"])

_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

# The gateway waits as long for a photo to be made of all bytes: longer than for other reads.
_MAKING_MS_MAX = 15_000

UploadId = Annotated[int, Path(gt=0, lt=2**63, examples=[PHOTO_ID])]


class UploadBeginning(BaseModel):
    """The announced length, metadata and digest of an upload."""

    length: int = Field(ge=0, lt=2**63, examples=[3_192_044])
    metadata: str = Field(
        "", max_length=METADATA_CHARACTERS_MAX, examples=["filename Zm9nLmpwZw=="]
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="The SHA-256 of all bytes, in hexadecimal."
    )


@router.post(
    "/uploads",
    status_code=201,
    summary="Begin an upload",
    responses={
        **reply(201, Upload, "Nothing has arrived yet."),
        **problem_replies(400, 401, 404, 409, 413, 422, 429, 503, 507),
    },
)
async def post_upload(
    request: Request,
    beginning: UploadBeginning,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The upload expires a day after its last bytes.

    429 `too_many_uploads` while its owner has too many unfinished ones; one idle for an hour gives
    way.
    """
    resources = resources_of(request)
    sha256 = None if beginning.sha256 is None else bytes.fromhex(beginning.sha256)
    new = NewUpload(viewer_id, beginning.length, beginning.metadata, sha256)
    upload = await open_upload(
        resources.group, resources.backlog, new, idempotency_key, resources.parking
    )
    return JsonReply(upload, 201)


@router.get(
    "/uploads/{upload_id}",
    summary="Progress of an upload",
    responses={
        **reply(200, Upload, "The offset counts durable bytes."),
        **problem_replies(401, 404, 415, 422, 503),
    },
)
async def get_upload(request: Request, upload_id: UploadId, viewer_id: ViewerId) -> Response:
    """The viewer's upload; if all bytes are here but no photo, the photo is made now."""
    start_deadline(_MAKING_MS_MAX)
    resources = resources_of(request)
    upload = await get_own_upload(resources.group, upload_id, viewer_id)
    return JsonReply(await progress_of(resources.group, resources.objects, upload))


@router.post(
    "/uploads/{upload_id}/pieces",
    summary="Append bytes to an upload",
    max_body_size=PIECE_BYTES_MAX,
    openapi_extra={"requestBody": _BODY},
    responses={
        **reply(200, Upload, "The bytes are durable."),
        **problem_replies(401, 404, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def post_piece(
    request: Request,
    upload_id: UploadId,
    viewer_id: ViewerId,
    offset: Annotated[int, Query(ge=0, lt=2**31, examples=[1_048_576])],
    repeated: Annotated[
        str | None, Header(alias=REPEATED_HEADER, description="Named if this may be a repetition.")
    ] = None,
) -> Response:
    """Append at most a megabyte at `offset`. The last bytes turn it into a photo.

    409 `offset_mismatch` if the upload has another offset. A repetition succeeds if the same bytes
    are there. 415 and 422 `not_an_image` for an unsupported or missing picture; 422
    `digest_mismatch` if the bytes differ from the announced digest.
    """
    resources = resources_of(request)
    content = await request.body()
    start_deadline(_MAKING_MS_MAX)
    sent = SentPiece(viewer_id, upload_id, offset, content, is_repeated=repeated is not None)
    progress = await append_to_upload(resources.group, resources.objects, resources.under_way, sent)
    return JsonReply(progress)


@router.delete(
    "/uploads/{upload_id}",
    status_code=204,
    summary="Delete an upload",
    responses={**no_content("It is gone."), **problem_replies(401, 422, 503)},
)
async def delete_upload(request: Request, upload_id: UploadId, viewer_id: ViewerId) -> Response:
    """A photo that it became stays."""
    resources = resources_of(request)
    await give_up_upload(
        resources.group, resources.objects, resources.under_way, viewer_id, upload_id
    )
    return Response(status_code=204)

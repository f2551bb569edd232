"""Resumable uploads by tus 1.0.0 and by the IETF draft."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.gateway.actions.append_pieces import append_pieces
from services.gateway.actions.append_to_upload import (
    append_again,
    append_consistently,
    append_first,
)
from services.gateway.actions.ask_progress import ask_progress
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import UploadId
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    CHECKSUM_MISMATCH,
    DIGEST_MISMATCH,
    IDEMPOTENCY_KEY_REUSED,
    INCONSISTENT_UPLOAD_LENGTH,
    INVALID,
    NOT_AN_IMAGE,
    NOT_FOUND,
    OFFSET_MISMATCH,
    QUOTA_EXCEEDED,
    REQUEST_IN_PROGRESS,
    TOO_LARGE,
    TOO_MANY_PHOTOS_TODAY,
    TOO_MANY_PIECES,
    TOO_MANY_REQUESTS,
    TOO_MANY_UPLOADS,
    TUS_VERSION_NOT_SPOKEN,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
    UPLOAD_COMPLETED,
    problems,
)
from services.gateway.api.session import WITHOUT_SESSION, ViewerId
from services.gateway.api.tus_front import joined_headers
from services.gateway.api.upload_bodies import UploadBody
from services.gateway.api.upload_headers import APPENDS, ASKS, BEGINS, progress
from services.gateway.domain import tus
from services.gateway.domain.upload_dialects import dialect_of
from services.gateway.domain.upload_requests import BYTES_MAX, Addition, Beginning, Dialect
from services.gateway.resources import resources_of
from shared.contracts.photos import Upload
from shared.errors import BadRequest, Invalid, UnsupportedMediaType
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.problems import reply_to
from shared.http_server.repr_digest import ReprDigest, sha256_in

router = APIRouter(tags=["Uploads"])

_APPENDING = (
    BAD_REQUEST,
    INCONSISTENT_UPLOAD_LENGTH,
    UNAUTHENTICATED,
    TUS_VERSION_NOT_SPOKEN,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID,
    NOT_AN_IMAGE,
    DIGEST_MISMATCH,
    CHECKSUM_MISMATCH,
    TOO_MANY_REQUESTS,
    TOO_MANY_PHOTOS_TODAY,
    QUOTA_EXCEEDED,
)


def _spoken(request: Request) -> Dialect:
    headers = joined_headers(request.headers)
    dialect = dialect_of(headers)
    dialect.check(headers)
    return dialect


Spoken = Annotated[Dialect, Depends(_spoken)]


@router.options(
    "/v1/uploads",
    status_code=204,
    response_class=Response,
    summary="Upload capabilities",
    openapi_extra=WITHOUT_SESSION,
    responses={204: {"description": "The headers hold them."}, **problems()},
)
async def get_options() -> Response:
    """Versions, extensions, largest size and checksums of tus; the draft's limits."""
    return Response(status_code=204)


@router.post(
    "/v1/uploads",
    status_code=201,
    response_class=Response,
    summary="Begin an upload",
    max_body_size=BYTES_MAX,
    openapi_extra=BEGINS,
    responses={
        **progress(201, "Created; `Location` is the address for its bytes."),
        **problems(
            *_APPENDING, NOT_FOUND, REQUEST_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, TOO_MANY_UPLOADS
        ),
    },
)
async def begin_upload(
    request: Request,
    viewer_id: ViewerId,
    dialect: Spoken,
    digest: ReprDigest = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin an upload of `Upload-Length` bytes; this request may bring the first of them.

    It is kept for a day after the last bytes. An account may have ten unfinished uploads of 200 MB
    in all. Beyond that, `too_many_uploads` asks you to finish or delete one. An upload idle for an
    hour gives way to a new one.
    """
    asked = dialect.beginning(joined_headers(request.headers), sha256_in(digest))
    body = UploadBody(request, asked.checksum)
    if not asked.brings_bytes:
        await _require_no_bytes(body)
    upload = await resources_of(request).upload.open_upload(
        asked.new, key_or_new(idempotency_key), viewer_id=viewer_id
    )
    if asked.brings_bytes:
        has_key = idempotency_key is not None
        try:
            upload = await _append_first(request, upload["id"], asked, body, viewer_id, has_key)
        except (Invalid, UnsupportedMediaType) as error:
            return _refused(request, dialect, asked, error)
    headers = {**dialect.progress(upload, _now()), "Location": f"/v1/uploads/{upload['id']}"}
    return Response(status_code=201, headers=headers)


@router.head(
    "/v1/uploads/{upload_id:id}",
    response_class=Response,
    summary="Progress of an upload",
    openapi_extra=ASKS,
    responses={
        **progress(200, "Continue at `Upload-Offset`."),
        **progress(204, "The same, to the draft."),
        **problems(BAD_REQUEST, UNAUTHENTICATED, NOT_FOUND, TUS_VERSION_NOT_SPOKEN),
    },
)
async def get_upload(
    request: Request, upload_id: UploadId, viewer_id: ViewerId, dialect: Spoken
) -> Response:
    """Your own upload: its length and the number of durable bytes."""
    client = resources_of(request).upload
    upload = await ask_progress(client, upload_id, viewer_id=viewer_id)
    headers = {**dialect.progress(upload, _now()), "Upload-Length": str(upload["length"])}
    return Response(status_code=dialect.progress_status, headers=headers)


@router.patch(
    "/v1/uploads/{upload_id:id}",
    status_code=204,
    response_class=Response,
    summary="Continue an upload",
    max_body_size=BYTES_MAX,
    openapi_extra=APPENDS,
    responses={
        **progress(204, "The bytes are durable."),
        **problems(*_APPENDING, UPLOAD_COMPLETED, NOT_FOUND, OFFSET_MISMATCH, TOO_MANY_PIECES),
    },
)
async def append(
    request: Request, upload_id: UploadId, viewer_id: ViewerId, dialect: Spoken
) -> Response:
    """Append bytes at `Upload-Offset`; the bytes before a cut are kept.

    A body with a checksum is kept whole or not at all. The last bytes turn the upload into a photo.
    """
    _require_no_repr_digest(request)
    asked = dialect.addition(joined_headers(request.headers))
    body = UploadBody(request, asked.checksum)
    client = resources_of(request).upload
    try:
        if dialect.compares:
            upload = await append_consistently(client, upload_id, asked, body, viewer_id=viewer_id)
        else:
            chunks = body.chunks()
            upload = await append_pieces(
                client, upload_id, asked.offset, chunks, viewer_id=viewer_id
            )
    except (Invalid, UnsupportedMediaType) as error:
        return _refused(request, dialect, asked, error)
    return Response(status_code=204, headers=dialect.progress(upload, _now()))


@router.delete(
    "/v1/uploads/{upload_id:id}",
    status_code=204,
    response_class=Response,
    summary="Delete an upload",
    openapi_extra=ASKS,
    responses={
        204: {"description": "It is gone, even if it was before."},
        **problems(BAD_REQUEST, UNAUTHENTICATED, NOT_FOUND, TUS_VERSION_NOT_SPOKEN),
    },
)
async def give_up(
    request: Request, upload_id: UploadId, viewer_id: ViewerId, dialect: Spoken
) -> Response:
    """Delete your own upload; a photo that it became stays."""
    del dialect  # It has been checked.
    await resources_of(request).upload.give_up_upload(upload_id, viewer_id=viewer_id)
    return Response(status_code=204)


def _now() -> datetime:
    return datetime.now(UTC)


def _require_no_repr_digest(request: Request) -> None:
    # With the first bytes kept, it could no longer be checked before the photo is made.
    if "repr-digest" in request.headers:
        raise BadRequest("Name Repr-Digest when the upload begins, not with later bytes.")


async def _require_no_bytes(body: UploadBody) -> None:
    # Bytes of another type would be read and dropped; a digest of none is checked.
    async for chunk in body.chunks():
        if chunk:
            raise UnsupportedMediaType(tus.WRONG_TYPE)


async def _append_first(
    request: Request,
    upload_id: int,
    asked: Beginning,
    body: UploadBody,
    viewer_id: int,
    has_key: bool,
) -> Upload:
    client = resources_of(request).upload
    if has_key:
        return await append_again(
            client, upload_id, body, viewer_id=viewer_id, is_last=asked.is_last
        )
    return await append_first(client, upload_id, body, viewer_id=viewer_id, is_last=asked.is_last)


def _refused(
    request: Request,
    dialect: Dialect,
    asked: Beginning | Addition,
    error: Invalid | UnsupportedMediaType,
) -> Response:
    reply = reply_to(error, request)
    if asked.is_last:
        reply.headers.update(dialect.refused_picture())
    return reply

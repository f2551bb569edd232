"""Resumable uploads by tus 1.0.0."""

from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from services.gateway.actions.append_pieces import append_pieces
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import UploadId
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    CHECKSUM_MISMATCH,
    DIGEST_MISMATCH,
    IDEMPOTENCY_KEY_REUSED,
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
    problems,
)
from services.gateway.api.session import WITHOUT_SESSION, ViewerId
from services.gateway.api.upload_bodies import checked_chunks, chunks_until_cut
from services.gateway.domain import tus
from services.gateway.resources import resources_of
from shared.contracts.photos import NewUpload, Upload
from shared.errors import AppError, UnsupportedMediaType
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.repr_digest import ReprDigest, sha256_in

router = APIRouter(tags=["Uploads"])

# For every request that brings bytes.
_CHECKSUM: dict[str, Any] = {
    "name": "Upload-Checksum",
    "in": "header",
    "required": False,
    "description": "`sha1` or `sha256`, a space, and the digest of this body in Base64.",
    "schema": {"type": "string"},
    "example": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
}
_BODY: dict[str, Any] = {
    "parameters": [_CHECKSUM],
    "requestBody": {
        "required": False,
        "content": {tus.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
}
_APPENDING = (
    BAD_REQUEST,
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

_WRONG_TYPE = f"The bytes of an upload must come as {tus.CONTENT_TYPE}."

TusVersion = Annotated[
    str | None, Header(alias="Tus-Resumable", description="`1.0.0`", examples=["1.0.0"])
]
UploadOffset = Annotated[
    str | None,
    Header(
        alias="Upload-Offset", description="The offset of the first byte.", examples=["1048576"]
    ),
]


def _new_upload(
    tus_resumable: TusVersion = None,
    upload_length: Annotated[
        str | None,
        Header(
            alias="Upload-Length",
            description="The total number of bytes, at most 20 MB.",
            examples=["3192044"],
        ),
    ] = None,
    upload_metadata: Annotated[
        str | None,
        Header(
            alias="Upload-Metadata",
            description="Returned unchanged and not used otherwise.",
            examples=["filename Zm9nLmpwZw=="],
        ),
    ] = None,
    digest: ReprDigest = None,
) -> NewUpload:
    tus.check_version(tus_resumable)
    sha256 = sha256_in(digest)
    return {
        "length": tus.number_in("Upload-Length", upload_length),
        "metadata": tus.metadata_in(upload_metadata),
        "sha256": None if sha256 is None else sha256.hex(),
    }


def _progress(status: int, description: str) -> dict[int | str, Any]:
    def header(about: str) -> dict[str, Any]:
        return {"description": about, "schema": {"type": "string"}}

    return {
        status: {
            "description": description,
            "headers": {
                "Upload-Offset": header("The number of durable bytes."),
                "Upload-Expires": header("When the upload expires if nothing more arrives."),
                "Photo-Id": header("The photo's id, once all bytes are here."),
                "Repr-Digest": header("SHA-256 of all bytes, once they are here (RFC 9530)."),
            },
        }
    }


@router.options(
    "/v1/uploads",
    status_code=204,
    response_class=Response,
    summary="Upload capabilities",
    openapi_extra=WITHOUT_SESSION,
    responses={204: {"description": "The Tus- headers hold them."}, **problems()},
)
async def get_options() -> Response:
    """Version, extensions, largest size and checksums of tus."""
    return Response(status_code=204)


@router.post(
    "/v1/uploads",
    status_code=201,
    response_class=Response,
    summary="Begin an upload",
    max_body_size=tus.BYTES_MAX,
    openapi_extra=_BODY,
    responses={
        **_progress(201, "Created; `Location` is the address for its bytes."),
        **problems(*_APPENDING, REQUEST_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, TOO_MANY_UPLOADS),
    },
)
async def begin_upload(
    request: Request,
    viewer_id: ViewerId,
    new: Annotated[NewUpload, Depends(_new_upload)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin an upload of `Upload-Length` bytes; this request may bring the first of them.

    It is kept for a day after the last bytes. An account may have ten unfinished uploads of 200 MB
    in all. Beyond that, `too_many_uploads` asks you to finish or delete one. An upload idle for an
    hour gives way to a new one.
    """
    tus.check_offered(request.headers)
    brings_bytes = tus.is_content_type(request.headers.get("content-type"))
    if not brings_bytes:
        await _require_no_bytes(request)
    resources = resources_of(request)
    upload = await resources.upload.open_upload(
        new, key_or_new(idempotency_key), viewer_id=viewer_id
    )
    if brings_bytes:
        # Without a key, a client that missed the reply cannot find the upload again.
        has_key = idempotency_key is not None
        first = partial(_append, repeated=True) if has_key else _append_or_give_up
        upload = await first(request, upload["id"], 0, viewer_id)
    headers = {**tus.progress_headers(upload), "Location": f"/v1/uploads/{upload['id']}"}
    return Response(status_code=201, headers=headers)


@router.head(
    "/v1/uploads/{upload_id:id}",
    response_class=Response,
    summary="Progress of an upload",
    responses={
        **_progress(200, "Continue at `Upload-Offset`."),
        **problems(UNAUTHENTICATED, NOT_FOUND, TUS_VERSION_NOT_SPOKEN),
    },
)
async def get_upload(
    request: Request,
    upload_id: UploadId,
    viewer_id: ViewerId,
    tus_resumable: TusVersion = None,
) -> Response:
    """Your own upload: its length and the number of durable bytes."""
    tus.check_version(tus_resumable)
    upload = await resources_of(request).upload.upload(upload_id, viewer_id=viewer_id)
    headers = {**tus.progress_headers(upload), "Upload-Length": str(upload["length"])}
    if upload["metadata"]:
        headers["Upload-Metadata"] = upload["metadata"]
    return Response(status_code=200, headers=headers)


@router.patch(
    "/v1/uploads/{upload_id:id}",
    status_code=204,
    response_class=Response,
    summary="Continue an upload",
    max_body_size=tus.BYTES_MAX,
    openapi_extra=_BODY,
    responses={
        **_progress(204, "The bytes are durable."),
        **problems(*_APPENDING, NOT_FOUND, OFFSET_MISMATCH, TOO_MANY_PIECES),
    },
)
async def append(
    request: Request,
    upload_id: UploadId,
    viewer_id: ViewerId,
    tus_resumable: TusVersion = None,
    upload_offset: UploadOffset = None,
) -> Response:
    """Append bytes at `Upload-Offset`; the bytes before a cut are kept.

    A body with a checksum is kept whole or not at all. The last bytes turn the upload into a photo.
    """
    tus.check_version(tus_resumable)
    tus.check_offered(request.headers)
    if not tus.is_content_type(request.headers.get("content-type")):
        raise UnsupportedMediaType(_WRONG_TYPE)
    offset = tus.number_in("Upload-Offset", upload_offset)
    upload = await _append(request, upload_id, offset, viewer_id)
    return Response(status_code=204, headers=tus.progress_headers(upload))


@router.delete(
    "/v1/uploads/{upload_id:id}",
    status_code=204,
    response_class=Response,
    summary="Delete an upload",
    responses={
        204: {"description": "It is gone, even if it was before."},
        **problems(UNAUTHENTICATED, NOT_FOUND, TUS_VERSION_NOT_SPOKEN),
    },
)
async def give_up(
    request: Request,
    upload_id: UploadId,
    viewer_id: ViewerId,
    tus_resumable: TusVersion = None,
) -> Response:
    """Delete your own upload; a photo that it became stays."""
    tus.check_version(tus_resumable)
    await resources_of(request).upload.give_up_upload(upload_id, viewer_id=viewer_id)
    return Response(status_code=204)


async def _require_no_bytes(request: Request) -> None:
    # Bytes of another type would be read and dropped.
    if "upload-checksum" in request.headers:
        raise UnsupportedMediaType(_WRONG_TYPE)
    async for chunk in chunks_until_cut(request):
        if chunk:
            raise UnsupportedMediaType(_WRONG_TYPE)


async def _append(
    request: Request, upload_id: int, offset: int, viewer_id: int, *, repeated: bool = False
) -> Upload:
    checksum = tus.checksum_in(request.headers.get("upload-checksum"))
    chunks = chunks_until_cut(request) if checksum is None else checked_chunks(request, checksum)
    resources = resources_of(request)
    return await append_pieces(
        resources.upload, upload_id, offset, chunks, viewer_id=viewer_id, repeated=repeated
    )


async def _append_or_give_up(
    request: Request, upload_id: int, offset: int, viewer_id: int
) -> Upload:
    try:
        return await _append(request, upload_id, offset, viewer_id)
    except AppError:
        # It would count against its owner's limit; if this call fails, it gives way later.
        with suppress(AppError):
            await resources_of(request).upload.give_up_upload(upload_id, viewer_id=viewer_id)
        raise

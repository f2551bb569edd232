"""Archives of accounts: handed in and polled by users, fetched by nginx."""

import re
from contextlib import AsyncExitStack
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from services.upload.actions.receive_archive import DOCUMENTS_BYTES_MAX, receive_archive
from services.upload.api.media_token import check_media_token
from services.upload.api.object_reply import ObjectReply
from services.upload.domain.archives import CONTENT_TYPE, composing, ready
from services.upload.resources import resources_of
from services.upload.store.archives import find_archive
from services.upload.store.objects import archive_key
from shared.contracts.accounts import Archive
from shared.contracts.examples import USER_ID
from shared.errors import NotFound
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply

router = APIRouter(tags=["Archives"])

_ID_MAX = 2**63 - 1
_FILE = re.compile(r"([1-9][0-9]{0,18})\.zip")

Id = Annotated[int, Query(gt=0, le=_ID_MAX, examples=[USER_ID])]


@router.post(
    "/archives",
    status_code=204,
    summary="Hand in the documents of an archive",
    max_body_size=DOCUMENTS_BYTES_MAX,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    responses={
        **no_content("Stored; the photos are being added."),
        **problem_replies(401, 404, 413, 422, 503, 504),
    },
)
async def post_archive(request: Request, owner_id: Id, archive_id: Id) -> Response:
    """Takes a zip, to which the worker adds the photos. Repeatable."""
    resources = resources_of(request)
    await receive_archive(
        resources.group, resources.objects, owner_id, archive_id, request.stream()
    )
    return Response(status_code=204)


@router.get(
    "/archives",
    summary="State of an archive",
    responses={
        **reply(200, Archive, "The archive, being composed or ready."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_archive(request: Request, owner_id: Id, archive_id: Id) -> Response:
    """404 if it is not this owner's, was not handed in, or has expired."""
    archive = await find_archive(resources_of(request).group, archive_id)
    if archive is None or archive.owner_id != owner_id:
        raise NotFound
    if archive.bytes is None or archive.ready_at is None:
        return JsonReply(composing())
    return JsonReply(ready(archive_key(archive.id), archive.bytes, archive.ready_at))


@router.get(
    "/archives/{file}",
    summary="The bytes of an archive",
    response_class=Response,
    responses={
        200: {"description": "The zip.", "content": {CONTENT_TYPE: {}}},
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_archive_file(
    request: Request,
    file: Annotated[str, Path(examples=[f"{USER_ID}.zip"])],
    authorization: Annotated[str, Header(description="`Media` and the token.")] = "",
) -> Response:
    """Takes `Authorization: Media …` instead of an internal token."""
    resources = resources_of(request)
    check_media_token(authorization, resources.media_tokens)
    name = _FILE.fullmatch(file)
    if name is None:
        raise NotFound
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'attachment; filename="retrato.zip"',
    }
    async with AsyncExitStack() as stack:
        stored = await stack.enter_async_context(
            resources.objects.open_file(archive_key(int(name[1])))
        )
        return ObjectReply(stored, stack.pop_all(), headers, CONTENT_TYPE)

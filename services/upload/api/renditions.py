"""Serves renditions to nginx, which checks the signed address and caches the bytes."""

import re
from contextlib import AsyncExitStack
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from services.upload.api.media_token import check_media_token
from services.upload.api.object_reply import ObjectReply
from services.upload.domain.renditions import FORMAT_BY_ENDING, RenditionFormat
from services.upload.resources import resources_of
from shared.contracts.examples import PHOTO_ID
from shared.errors import NotFound
from shared.http_server.problems import problem_replies

router = APIRouter(tags=["Renditions"])

_FILE = re.compile(r"(?:large|medium|small|thumb)-([0-9a-f]{16})\.(jpg|webp)")
_ID_MAX = 2**63 - 1
_CONTENT: dict[str, dict[str, str]] = {one.value: {} for one in RenditionFormat}
# A name holds the hash of its content, so the content never changes.
_CACHE_CONTROL = "public, max-age=31536000, immutable"


@router.get(
    "/renditions/{photo_id}/{file}",
    summary="The bytes of a rendition",
    response_class=Response,
    responses={
        200: {"description": "The picture.", "content": _CONTENT},
        304: {"description": "The caller has it already; it never changes."},
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_rendition(
    request: Request,
    photo_id: Annotated[int, Path(examples=[PHOTO_ID])],
    file: Annotated[str, Path(examples=["large-d47a8bc7a7632f25.jpg"])],
    authorization: Annotated[str, Header(description="`Media` and the token.")] = "",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Takes `Authorization: Media …` instead of an internal token."""
    resources = resources_of(request)
    check_media_token(authorization, resources.media_tokens)
    name = _FILE.fullmatch(file)
    if name is None or not 0 < photo_id <= _ID_MAX:
        raise NotFound
    headers = {"Cache-Control": _CACHE_CONTROL, "ETag": f'"{name[1]}"'}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    async with AsyncExitStack() as stack:
        stored = await stack.enter_async_context(resources.objects.open_rendition(photo_id, file))
        return ObjectReply(stored, stack.pop_all(), headers, FORMAT_BY_ENDING[name[2]].value)

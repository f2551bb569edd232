"""The filters and their samples."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from services.upload.api.media_token import check_media_token
from services.upload.domain.filters import FILTERS
from services.upload.domain.renditions import CONTENT_TYPE
from services.upload.resources import resources_of
from shared.contracts.photos import FilterSamples
from shared.errors import NotFound
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply

router = APIRouter(tags=["Filters"])

# A name holds the hash of its content, like the names of renditions.
_CACHE_CONTROL = "public, max-age=31536000, immutable"


@router.get(
    "/filters",
    summary="The filters",
    responses={
        **reply(200, FilterSamples, "In the order to offer them."),
        **problem_replies(401, 503),
    },
)
async def get_filters(request: Request) -> Response:
    """The samples are at `/filters/{file}`."""
    drawn = await resources_of(request).samples.all()
    files = {sample.name: sample.file_name for sample in drawn}
    filters = [
        {"name": known.name, "title": known.title, "file": files[known.name]} for known in FILTERS
    ]
    return JsonReply({"plain": files[None], "filters": filters})


@router.get(
    "/filters/{file}",
    summary="The bytes of a sample",
    response_class=Response,
    responses={
        200: {"description": "The picture.", "content": {CONTENT_TYPE: {}}},
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_sample(
    request: Request,
    file: Annotated[str, Path(examples=["harbour-d47a8bc7a7632f25.jpg"])],
    authorization: Annotated[str, Header(description="`Media` and the token.")] = "",
) -> Response:
    """Takes `Authorization: Media …` instead of an internal token."""
    resources = resources_of(request)
    check_media_token(authorization, resources.media_tokens)
    for sample in await resources.samples.all():
        if sample.file_name == file:
            return Response(
                sample.content, media_type=CONTENT_TYPE, headers={"Cache-Control": _CACHE_CONTROL}
            )
    raise NotFound

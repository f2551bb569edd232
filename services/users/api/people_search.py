"""Finds people whom the viewer may want to follow."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.users.actions.search_people import search_people
from services.users.actions.suggest_people import suggest_people
from services.users.domain.searchable_names import QUERY_CHARACTERS_MAX
from services.users.resources import resources_of
from shared.contracts.people import PersonPage
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import OptionalViewerId, ViewerId

router = APIRouter(tags=["Discovery"])

SearchQuery = Annotated[
    str,
    Query(
        min_length=1,
        max_length=QUERY_CHARACTERS_MAX,
        description="The beginning of a username, or of a word of a display name.",
        examples=["ali"],
    ),
]


@router.get(
    "/users/search",
    summary="Search people",
    responses={
        **reply(200, PersonPage, "In the order of the matching names."),
        **problem_replies(401, 422, 503),
    },
)
async def get_search(
    request: Request,
    viewer_id: OptionalViewerId,
    q: SearchQuery,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Case and accents do not count; a page may be short. A cursor needs the same `q`."""
    page = await search_people(
        resources_of(request).group, viewer_id, q, limit=limit, cursor=cursor
    )
    return JsonReply(page)


@router.get(
    "/users/suggested",
    summary="People whom the viewer may like to follow",
    responses={
        **reply(200, PersonPage, "Most shared first; a page may be short."),
        **problem_replies(401, 422, 503),
    },
)
async def get_suggested(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """People whom the viewer's followees follow, and the viewer does not."""
    resources = resources_of(request)
    page = await suggest_people(
        resources.group, resources.follows, viewer_id, limit=limit, cursor=cursor
    )
    return JsonReply(page)

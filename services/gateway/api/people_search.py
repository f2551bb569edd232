"""Finds people whom the viewer may want to follow."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.gateway.api.graph_replies import OWN_PEOPLE, people_reply
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit

router = APIRouter(tags=["People"])

SearchQuery = Annotated[
    str,
    Query(
        min_length=1,
        max_length=64,
        description="The beginning of a username, or of a word of a display name.",
        examples=["ali"],
    ),
]


@router.get("/v1/users/search", summary="Search people", responses=OWN_PEOPLE)
async def search_people(
    request: Request,
    viewer_id: ViewerId,
    q: SearchQuery,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Sorted by the matching name; case and accents do not count."""
    asked = PageRequest(limit, cursor, q=q)
    found = await resources_of(request).users.search(asked.params(), viewer_id=viewer_id)
    return people_reply(request, asked, found)


@router.get("/v1/users/suggested", summary="Suggested people", responses=OWN_PEOPLE)
async def suggest_people(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """People followed by those you follow, most shared first."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.suggested(asked.params(), viewer_id=viewer_id)
    return people_reply(request, asked, found)

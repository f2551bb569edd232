"""Follow requests, the viewer's answers, and removing a follower."""

from fastapi import APIRouter, Request, Response

from services.gateway.api.graph_replies import ANSWERED, OWN_PEOPLE, people_reply
from services.gateway.api.path_ids import UserId
from services.gateway.api.replies import private_reply
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit

router = APIRouter(tags=["People"])


@router.get("/v1/me/follow-requests", summary="Follow requests", responses=OWN_PEOPLE)
async def get_follow_requests(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Open requests to follow you, newest first."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.follow_requests(asked.params(), viewer_id=viewer_id)
    return people_reply(request, asked, found)


@router.put("/v1/me/follow-requests/{user_id:id}", summary="Accept a follower", responses=ANSWERED)
async def accept(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Let a person who asked follow you; 404 if there is no request."""
    return private_reply(
        await resources_of(request).users.accept_request(user_id, viewer_id=viewer_id)
    )


@router.delete(
    "/v1/me/follow-requests/{user_id:id}", summary="Refuse a follower", responses=ANSWERED
)
async def refuse(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Refuse a request; the person is not told and may ask again."""
    return private_reply(
        await resources_of(request).users.refuse_request(user_id, viewer_id=viewer_id)
    )


@router.delete("/v1/me/followers/{user_id:id}", summary="Remove a follower", responses=ANSWERED)
async def remove_follower(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """End a person's follow of you; they are not told."""
    return private_reply(
        await resources_of(request).users.remove_follower(user_id, viewer_id=viewer_id)
    )

"""Follow requests, the viewer's answers, and removing a follower."""

from fastapi import APIRouter, Request, Response

from services.users.actions.answer_request import answer_request
from services.users.actions.page_of_own_list import page_of_own_list
from services.users.actions.remove_follower import remove_follower
from services.users.api.graph_replies import PEOPLE, RELATIONSHIP
from services.users.api.path_ids import UserId
from services.users.resources import resources_of
from services.users.store.relations import page_of_requesters
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Follow requests"])


@router.get("/me/follow-requests", summary="Follow requests to the viewer", responses=PEOPLE)
async def get_follow_requests(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """The newest request first."""
    resources = resources_of(request)
    page = await page_of_requesters(resources.group, viewer_id, limit=limit, cursor=cursor)
    return JsonReply(await page_of_own_list(resources.group, viewer_id, page))


@router.put("/me/follow-requests/{user_id}", summary="Accept", responses=RELATIONSHIP)
async def put_follow_request(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """404 if this person neither asks nor follows."""
    resources = resources_of(request)
    relationship = await answer_request(
        resources.group, resources.follows, resources.feed, viewer_id, user_id, accept=True
    )
    return JsonReply({"relationship": relationship})


@router.delete("/me/follow-requests/{user_id}", summary="Refuse", responses=RELATIONSHIP)
async def delete_follow_request(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """The person is not told and may ask again. An accepted follow stays."""
    resources = resources_of(request)
    relationship = await answer_request(
        resources.group, resources.follows, resources.feed, viewer_id, user_id, accept=False
    )
    return JsonReply({"relationship": relationship})


@router.delete("/me/followers/{user_id}", summary="Remove a follower", responses=RELATIONSHIP)
async def delete_follower(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Works whether or not the person followed; they are not told."""
    resources = resources_of(request)
    relationship = await remove_follower(
        resources.group, resources.follows, resources.feed, viewer_id, user_id
    )
    return JsonReply({"relationship": relationship})

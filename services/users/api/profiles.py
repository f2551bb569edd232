"""Profiles by id and by username."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.users.actions.get_profile_by_username import get_profile_by_username
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.api.path_ids import UserId
from services.users.domain.profiles import profile_of
from services.users.resources import resources_of
from shared.contracts.people import Profile
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import OptionalViewerId

router = APIRouter(tags=["Profiles"])

_REPLIES = {
    **reply(200, Profile, "The profile as the viewer may see it."),
    **problem_replies(401, 404, 422, 503),
}


@router.get("/users/by-username/{username}", summary="A profile by username", responses=_REPLIES)
async def get_user_by_username(
    request: Request,
    username: Annotated[str, Path(description="Case does not matter.", examples=["alice"])],
    viewer_id: OptionalViewerId,
) -> Response:
    """404 also if the viewer may not know of the person."""
    known = await get_profile_by_username(resources_of(request).group, viewer_id, username)
    return JsonReply(profile_of(known.person, viewer_id, known.relation))


@router.get("/users/{user_id}", summary="A profile", responses=_REPLIES)
async def get_user(request: Request, user_id: UserId, viewer_id: OptionalViewerId) -> Response:
    """404 also if the viewer may not know of the person."""
    known = await get_visible_profile(resources_of(request).group, viewer_id, user_id)
    return JsonReply(profile_of(known.person, viewer_id, known.relation))

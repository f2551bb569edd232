"""Profiles and the follow graph."""

from fastapi import APIRouter, Request, Response

from services.gateway.actions.read_profile import read_profile, read_profile_by_username
from services.gateway.api.graph_replies import COUNTED_PEOPLE, RELATIONSHIP, counted_people_reply
from services.gateway.api.path_ids import UserId, UsernameInPath
from services.gateway.api.problem_codes import NOT_FOUND, UNAUTHENTICATED, problems
from services.gateway.api.replies import conditional_reply, private_reply
from services.gateway.api.reply_docs import conditional
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.people import User, public_user
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit

router = APIRouter(tags=["People"])

_PROFILE = {
    **conditional(User, "The profile."),
    **problems(UNAUTHENTICATED, NOT_FOUND),
}


@router.get("/v1/users/{user_id:id}", summary="A profile", responses=_PROFILE)
async def get_user(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """A person's profile, their counts and your relationship."""
    resources = resources_of(request)
    profile, count = await read_profile(resources.users, resources.feed, user_id, viewer_id)
    return conditional_reply(request, public_user(profile, count, resources.url_of()))


@router.get(
    "/v1/users/by-username/{username:username}", summary="A profile by name", responses=_PROFILE
)
async def get_user_by_username(
    request: Request, username: UsernameInPath, viewer_id: ViewerId
) -> Response:
    """The same as by id; names may change, ids do not."""
    resources = resources_of(request)
    profile, count = await read_profile_by_username(
        resources.users, resources.feed, username, viewer_id
    )
    return conditional_reply(request, public_user(profile, count, resources.url_of()))


@router.put("/v1/users/{user_id:id}/follow", summary="Follow", responses=RELATIONSHIP)
async def follow(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Follow a person, or request it if their account is private."""
    return private_reply(await resources_of(request).users.follow(user_id, viewer_id=viewer_id))


@router.delete("/v1/users/{user_id:id}/follow", summary="Unfollow", responses=RELATIONSHIP)
async def unfollow(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Stop following a person, or withdraw the request."""
    return private_reply(await resources_of(request).users.unfollow(user_id, viewer_id=viewer_id))


@router.get("/v1/users/{user_id:id}/followers", summary="Followers", responses=COUNTED_PEOPLE)
async def get_followers(
    request: Request,
    user_id: UserId,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """People who follow this person, newest first."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.followers(
        user_id, asked.params(), viewer_id=viewer_id
    )
    return counted_people_reply(request, asked, found)


@router.get("/v1/users/{user_id:id}/following", summary="People followed", responses=COUNTED_PEOPLE)
async def get_following(
    request: Request,
    user_id: UserId,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """People whom this person follows, newest first."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.following(
        user_id, asked.params(), viewer_id=viewer_id
    )
    return counted_people_reply(request, asked, found)

"""Blocks, mutes, and the viewer's lists of both."""

from fastapi import APIRouter, Request, Response

from services.gateway.api.graph_replies import OWN_PEOPLE, RELATIONSHIP, people_reply
from services.gateway.api.path_ids import UserId
from services.gateway.api.replies import private_reply
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit

router = APIRouter(tags=["People"])


@router.put("/v1/users/{user_id:id}/block", summary="Block", responses=RELATIONSHIP)
async def block(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """End both follows and hide each of you from the other everywhere."""
    return private_reply(await resources_of(request).users.block(user_id, viewer_id=viewer_id))


@router.delete("/v1/users/{user_id:id}/block", summary="Unblock", responses=RELATIONSHIP)
async def unblock(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Remove your block; follows that it ended stay ended."""
    return private_reply(await resources_of(request).users.unblock(user_id, viewer_id=viewer_id))


@router.put("/v1/users/{user_id:id}/mute", summary="Mute", responses=RELATIONSHIP)
async def mute(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Keep a person out of your own timelines; they do not learn of it."""
    return private_reply(await resources_of(request).users.mute(user_id, viewer_id=viewer_id))


@router.delete("/v1/users/{user_id:id}/mute", summary="Unmute", responses=RELATIONSHIP)
async def unmute(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Let a person into your timelines again."""
    return private_reply(await resources_of(request).users.unmute(user_id, viewer_id=viewer_id))


@router.get("/v1/me/blocks", summary="People you block", responses=OWN_PEOPLE)
async def get_blocks(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Newest first; blocked people show only here."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.blocks(asked.params(), viewer_id=viewer_id)
    return people_reply(request, asked, found)


@router.get("/v1/me/mutes", summary="People you mute", responses=OWN_PEOPLE)
async def get_mutes(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """People you mute, newest first."""
    asked = PageRequest(limit, cursor)
    found = await resources_of(request).users.mutes(asked.params(), viewer_id=viewer_id)
    return people_reply(request, asked, found)

"""Blocks and mutes, and the viewer's lists of both."""

from fastapi import APIRouter, Request, Response

from services.users.actions.block import block
from services.users.actions.mute import mute
from services.users.actions.page_of_own_list import page_of_own_list
from services.users.actions.unblock import unblock
from services.users.api.graph_replies import PEOPLE, RELATIONSHIP
from services.users.api.path_ids import UserId
from services.users.resources import resources_of
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import PEOPLE_LIMIT_DEFAULT, Cursor, PeopleLimit
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Blocks and mutes"])


@router.put("/users/{user_id}/block", summary="Block", responses=RELATIONSHIP)
async def put_block(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Both follows end, and each is hidden from the other everywhere."""
    resources = resources_of(request)
    relationship = await block(
        resources.group,
        resources.follows,
        resources.blocks,
        resources.feed,
        viewer_id,
        user_id,
    )
    return JsonReply({"relationship": relationship})


@router.delete("/users/{user_id}/block", summary="Unblock", responses=RELATIONSHIP)
async def delete_block(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Follows that the block ended stay ended."""
    resources = resources_of(request)
    relationship = await unblock(resources.group, resources.blocks, viewer_id, user_id)
    return JsonReply({"relationship": relationship})


@router.put("/users/{user_id}/mute", summary="Mute", responses=RELATIONSHIP)
async def put_mute(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Hides the person from the viewer's timelines; they do not learn of it."""
    resources = resources_of(request)
    relationship = await mute(resources.group, resources.mutes, viewer_id, user_id, muting=True)
    return JsonReply({"relationship": relationship})


@router.delete("/users/{user_id}/mute", summary="Unmute", responses=RELATIONSHIP)
async def delete_mute(request: Request, user_id: UserId, viewer_id: ViewerId) -> Response:
    """Works whether or not the person was muted."""
    resources = resources_of(request)
    relationship = await mute(resources.group, resources.mutes, viewer_id, user_id, muting=False)
    return JsonReply({"relationship": relationship})


@router.get("/me/blocks", summary="People the viewer blocks", responses=PEOPLE)
async def get_blocks(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """The only place where blocked people are still shown."""
    resources = resources_of(request)
    page = await resources.blocks.page_of_targets(viewer_id, limit=limit, cursor=cursor)
    return JsonReply(await page_of_own_list(resources.group, viewer_id, page, with_blocked=True))


@router.get("/me/mutes", summary="People the viewer mutes", responses=PEOPLE)
async def get_mutes(
    request: Request,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """The latest mute first."""
    resources = resources_of(request)
    page = await resources.mutes.page_of_targets(viewer_id, limit=limit, cursor=cursor)
    return JsonReply(await page_of_own_list(resources.group, viewer_id, page))

"""Likes and saves: of one post, and the viewer's own lists."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.like_post import like_post, unlike_post
from services.feed.actions.read_likers import read_likers
from services.feed.actions.read_own_reactions import read_own_reactions
from services.feed.actions.save_post import save_post, unsave_post
from services.feed.api.path_ids import PostId
from services.feed.resources import resources_of
from shared.contracts.posts import Liked, LikersPage, PostPage, Saved
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import (
    PEOPLE_LIMIT_DEFAULT,
    POSTS_LIMIT_DEFAULT,
    Cursor,
    PeopleLimit,
    PostsLimit,
)
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Likes and saves"])

_LIKED = {
    **reply(200, Liked, "Whether the viewer likes it, and how many do."),
    **problem_replies(401, 404, 503),
}
_SAVED = {
    **reply(200, Saved, "Whether the viewer has saved it."),
    **problem_replies(401, 404, 503),
}
_POSTS = {
    **reply(200, PostPage, "The latest reaction first."),
    **problem_replies(401, 422, 503),
}


@router.put("/posts/{post_id}/like", summary="Like", responses=_LIKED)
async def put_like(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Liking again changes nothing."""
    resources = resources_of(request)
    return JsonReply(
        await like_post(resources.group, resources.bodies, resources.likes, post_id, viewer_id)
    )


@router.delete("/posts/{post_id}/like", summary="Take a like back", responses=_LIKED)
async def delete_like(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Works whether or not the viewer liked it."""
    resources = resources_of(request)
    return JsonReply(
        await unlike_post(resources.group, resources.bodies, resources.likes, post_id, viewer_id)
    )


@router.get(
    "/posts/{post_id}/likes",
    summary="Who likes a post",
    responses={
        **reply(200, LikersPage, "The newest like first."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_likes(
    request: Request,
    post_id: PostId,
    _viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """The caller asks users whether the viewer may see the post and know of the likers."""
    resources = resources_of(request)
    return JsonReply(await read_likers(resources.bodies, resources.likes, post_id, (limit, cursor)))


@router.put("/posts/{post_id}/save", summary="Save", responses=_SAVED)
async def put_save(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Saving again changes nothing; nobody else learns of it."""
    resources = resources_of(request)
    return JsonReply(await save_post(resources.bodies, resources.saves, post_id, viewer_id))


@router.delete("/posts/{post_id}/save", summary="Remove a save", responses=_SAVED)
async def delete_save(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Works whether or not the viewer had saved it."""
    resources = resources_of(request)
    return JsonReply(await unsave_post(resources.bodies, resources.saves, post_id, viewer_id))


@router.get("/me/likes", summary="Posts the viewer likes", responses=_POSTS)
async def get_own_likes(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts of any authors; the caller asks users which of them the viewer may still see."""
    resources = resources_of(request)
    page = await read_own_reactions(
        resources.likes, resources.bodies, resources.reactions, viewer_id, (limit, cursor)
    )
    return JsonReply(page)


@router.get("/me/saves", summary="Posts the viewer has saved", responses=_POSTS)
async def get_own_saves(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts of any authors; the caller asks users which of them the viewer may still see."""
    resources = resources_of(request)
    page = await read_own_reactions(
        resources.saves, resources.bodies, resources.reactions, viewer_id, (limit, cursor)
    )
    return JsonReply(page)

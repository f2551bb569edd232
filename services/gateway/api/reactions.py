"""Likes and saves of a post, and the viewer's own lists."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from services.gateway.actions.forward import forward
from services.gateway.actions.read_reactions import read_likers, read_own_likes, read_own_saves
from services.gateway.api.graph_replies import COUNTED_PEOPLE, counted_people_reply
from services.gateway.api.path_ids import PostId
from services.gateway.api.problem_codes import INVALID, NOT_FOUND, UNAUTHENTICATED, problems
from services.gateway.api.replies import link_to_next, private_reply
from services.gateway.api.reply_docs import page, reply
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById
from services.gateway.resources import resources_of
from services.gateway.views.posts import PostPage, public_posts
from shared.contracts import posts as contract
from shared.contracts.posts import Liked, Saved
from shared.http_server.paging import (
    PEOPLE_LIMIT_DEFAULT,
    POSTS_LIMIT_DEFAULT,
    Cursor,
    PeopleLimit,
    PostsLimit,
)

router = APIRouter(tags=["Posts"])

_LIKED = {
    **reply(200, Liked, "Whether you like it, and how many do."),
    **problems(UNAUTHENTICATED, NOT_FOUND),
}
_SAVED = {
    **reply(200, Saved, "Whether you have saved it."),
    **problems(UNAUTHENTICATED, NOT_FOUND),
}
_OWN_POSTS = {
    **page(PostPage, "A page of posts, the latest reaction first."),
    **problems(UNAUTHENTICATED, INVALID),
}


@router.put("/v1/posts/{post_id:id}/like", summary="Like a post", responses=_LIKED)
async def like(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Like a post; liking again changes nothing."""
    call = partial(resources_of(request).feed.like, post_id, viewer_id=viewer_id)
    return await _done(request, post_id, viewer_id, call)


@router.delete("/v1/posts/{post_id:id}/like", summary="Take a like back", responses=_LIKED)
async def unlike(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Take a like back; works whether or not you liked it."""
    call = partial(resources_of(request).feed.unlike, post_id, viewer_id=viewer_id)
    return await _done(request, post_id, viewer_id, call)


@router.get("/v1/posts/{post_id:id}/likes", summary="Who likes a post", responses=COUNTED_PEOPLE)
async def get_likers(
    request: Request,
    post_id: PostId,
    viewer_id: ViewerId,
    limit: PeopleLimit = PEOPLE_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """The people who like a post, the newest like first."""
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found = await read_likers(resources.feed, resources.author_cards, post_id, asked, viewer_id)
    return counted_people_reply(request, asked, found)


@router.put("/v1/posts/{post_id:id}/save", summary="Save a post", responses=_SAVED)
async def save(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Save a post for yourself; nobody else learns of it, and saving again changes nothing."""
    call = partial(resources_of(request).feed.save, post_id, viewer_id=viewer_id)
    return await _done(request, post_id, viewer_id, call)


@router.delete("/v1/posts/{post_id:id}/save", summary="Remove a save", responses=_SAVED)
async def unsave(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Remove a post from your saved ones; works whether or not you had saved it."""
    call = partial(resources_of(request).feed.unsave, post_id, viewer_id=viewer_id)
    return await _done(request, post_id, viewer_id, call)


@router.get("/v1/me/likes", summary="Posts you like", responses=_OWN_POSTS)
async def get_own_likes(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts that you like and may still see, the newest like first."""
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found, authors = await read_own_likes(resources.feed, resources.author_cards, asked, viewer_id)
    return _posts_reply(request, asked, found, authors)


@router.get("/v1/me/saves", summary="Posts you have saved", responses=_OWN_POSTS)
async def get_own_saves(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts that you have saved and may still see, the newest save first."""
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found, authors = await read_own_saves(resources.feed, resources.author_cards, asked, viewer_id)
    return _posts_reply(request, asked, found, authors)


async def _done(
    request: Request, post_id: int, viewer_id: int, call: Callable[[], Awaitable[Any]]
) -> Response:
    reader = resources_of(request).post_reader(post_id, viewer_id)
    return private_reply(await forward(reader, call))


def _posts_reply(
    request: Request, asked: PageRequest, found: contract.PostPage, authors: CardsById
) -> Response:
    shown: PostPage = {
        "items": public_posts(found["items"], authors, resources_of(request).url_of()),
        "next_cursor": found["next_cursor"],
    }
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))

"""The home timeline, which is the hot path."""

from fastapi import APIRouter, Request, Response

from services.gateway.actions.read_posts import read_home_timeline
from services.gateway.api.problem_codes import INVALID, UNAUTHENTICATED, problems
from services.gateway.api.replies import conditional_reply, link_to_next, private_reply
from services.gateway.api.reply_docs import conditional_page
from services.gateway.api.session import ViewerId, viewer_id_of
from services.gateway.api.since import Since
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.posts import HomePage, timeline_posts
from shared.http_server.hot_read import hot_read
from shared.http_server.paging import (
    POSTS_LIMIT_DEFAULT,
    Cursor,
    HomeOrder,
    PostsLimit,
    viewers_posts_page,
)

router = APIRouter(tags=["Timelines"], route_class=hot_read(viewers_posts_page(viewer_id_of)))


@router.get(
    "/v1/timelines/home",
    summary="The home timeline",
    responses={
        **conditional_page(HomePage, "A page of posts."),
        **problems(UNAUTHENTICATED, INVALID),
    },
)
async def get_home_timeline(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
    order: HomeOrder = "newest",
    since: Since = None,
) -> Response:
    """Posts of the people you follow, and your own, newest first or ranked.

    The first page has an ETag. A cursor is valid for its `order` only. `since` reaches the newest
    800 posts, and `order=ranked` ignores it.
    """
    asked = PageRequest(limit, cursor, order=None if order == "newest" else order, since=since)
    resources = resources_of(request)
    is_pressed = request.app.state.work_queue.is_pressed
    home, authors = await read_home_timeline(
        resources.feed, resources.author_cards, asked, viewer_id, is_pressed=is_pressed
    )
    shown: HomePage = {
        "items": timeline_posts(home["items"], authors, resources.url_of()),
        "next_cursor": home["next_cursor"],
        "completeness": home["completeness"],
    }
    link = link_to_next(request, asked, home["next_cursor"])
    if cursor is None:
        return conditional_reply(request, shown, link)
    return private_reply(shown, headers=link)

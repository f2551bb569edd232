"""The home timeline and the list of popular posts."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.read_explore import read_explore
from services.feed.actions.read_home_timeline import read_home_above, read_home_timeline
from services.feed.api.since import Since
from services.feed.domain.gaps import gap_start
from services.feed.resources import resources_of
from shared.contracts.posts import HomePage, PostPage
from shared.http_server.hot_read import hot_read
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import (
    POSTS_LIMIT_DEFAULT,
    Cursor,
    HomeOrder,
    PostsLimit,
    viewers_posts_page,
)
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId, viewer_id_of

home_router = APIRouter(tags=["Timelines"], route_class=hot_read(viewers_posts_page(viewer_id_of)))
router = APIRouter(tags=["Timelines"])


@home_router.get(
    "/timelines/home",
    summary="The viewer's home timeline",
    responses={
        **reply(
            200,
            HomePage,
            "Newest first. `partial`: some part of the data did not answer in time.",
        ),
        **problem_replies(401, 422, 503, 504),
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
    """Posts of the viewer's followees and the viewer; a cursor is valid for its `order` only.

    With `since`, the page lies directly above that post. Its cursor needs the same `since` and
    leads upwards. Withdrawn posts can make a page shorter than `limit`; only `next_cursor` tells
    whether it is the last.
    """
    resources = resources_of(request)
    if order == "ranked":
        return JsonReply(await resources.ranked.read(viewer_id, limit, cursor))
    if since is not None:
        start = gap_start(since, cursor)
        return JsonReply(
            await read_home_above(resources.entries, resources.page_posts, viewer_id, limit, start)
        )
    page = await read_home_timeline(
        resources.entries, resources.page_posts, viewer_id, limit, cursor
    )
    return JsonReply(page)


@router.get(
    "/explore",
    summary="Popular posts",
    responses={
        **reply(200, PostPage, "The most popular first, one per author."),
        **problem_replies(401, 422, 503, 504),
    },
)
async def get_explore(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts of the last three days; the caller asks users which of them the viewer may see.

    A cursor's order lasts for 15 minutes, unless the client pauses for two.
    """
    resources = resources_of(request)
    page = await read_explore(
        resources.explore, resources.bodies, resources.reactions, viewer_id, (limit, cursor)
    )
    return JsonReply(page)

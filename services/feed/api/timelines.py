"""The home timeline, and what is popular."""

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
            "Newest first. `partial` says that some part of the data did not answer in time.",
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
    """Posts of the people whom the viewer follows, and own ones; a cursor goes with its order.

    With `since` the page right above that post; its cursor goes with it, and leads upwards.

    A page may be shorter than `limit` where posts were withdrawn: `next_cursor` tells the end.
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
        **reply(200, PostPage, "The most popular first, one of each author."),
        **problem_replies(401, 422, 503, 504),
    },
)
async def get_explore(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Of the last three days, whoever wrote them: which the viewer may see is the caller's to ask.

    The order stays for who pages through it without a break of two minutes.
    """
    resources = resources_of(request)
    page = await read_explore(
        resources.explore, resources.bodies, resources.reactions, viewer_id, (limit, cursor)
    )
    return JsonReply(page)

"""The home timeline."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.read_home_timeline import read_home_timeline
from services.feed.api import examples
from services.feed.api.opened import opened
from services.feed.api.reply_docs import reply
from shared.contracts.posts import HomePage
from shared.web.json_reply import JsonReply
from shared.web.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit
from shared.web.problems import problem_replies
from shared.web.viewer import ViewerId

router = APIRouter(tags=["Timelines"])


@router.get(
    "/timelines/home",
    summary="The viewer's home timeline",
    responses={
        **reply(
            200,
            HomePage,
            "Newest first. `partial` says that some part of the data did not answer in time.",
            examples.HOME_PAGE,
        ),
        **problem_replies(401, 422, 503, 504),
    },
)
async def get_home_timeline(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Posts of the people whom the viewer follows, and own ones.

    A page may be shorter than `limit` where posts were withdrawn: `next_cursor` tells the end.
    """
    resources = opened(request)
    page = await read_home_timeline(
        resources.entries, resources.bodies, resources.marks, viewer_id, limit, cursor
    )
    return JsonReply(page)

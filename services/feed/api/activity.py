"""What others did that concerns the viewer."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.read_activity import read_activity
from services.feed.resources import resources_of
from services.feed.store.activities import see_activities
from shared.contracts.activity import ActivityPage
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Activity"])


@router.get(
    "/activity",
    summary="What others did",
    responses={
        **reply(200, ActivityPage, "Lines, newest first."),
        **problem_replies(401, 422, 503, 504),
    },
)
async def get_activity(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Built from the newest 500 deeds, without deleted things.

    People whom the viewer may not know of are left out, too.
    """
    resources = resources_of(request)
    page = await read_activity(
        resources.group,
        resources.bodies,
        resources.comments,
        resources.users,
        viewer_id,
        (limit, cursor),
    )
    return JsonReply(page)


@router.put(
    "/activity/seen",
    status_code=204,
    response_class=Response,
    summary="Mark all activity as seen",
    responses={**no_content("Everything is marked as seen."), **problem_replies(401, 503)},
)
async def put_seen(request: Request, viewer_id: ViewerId) -> Response:
    """Mark everything up to the newest deed as seen."""
    await see_activities(resources_of(request).group, viewer_id)
    return Response(status_code=204)

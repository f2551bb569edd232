"""What others did that concerns the viewer."""

from fastapi import APIRouter, Request, Response

from services.gateway.api.problem_codes import INVALID, UNAUTHENTICATED, problems
from services.gateway.api.replies import link_to_next, private_reply
from services.gateway.api.reply_docs import no_content, page
from services.gateway.api.session import ViewerId
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.activity import ActivityPage, public_activity
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit

router = APIRouter(tags=["Activity"])


@router.get(
    "/v1/activity",
    summary="What others did",
    responses={
        **page(ActivityPage, "A page of lines."),
        **problems(UNAUTHENTICATED, INVALID),
    },
)
async def get_activity(
    request: Request,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Likes, comments, follows, requests and mentions, newest first, grouped into lines."""
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found = await resources.feed.activity(asked.params(), viewer_id=viewer_id)
    shown = public_activity(found, resources.url_of())
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))


@router.put(
    "/v1/activity/seen",
    status_code=204,
    response_class=Response,
    summary="Mark all activity as seen",
    responses={**no_content("Everything is marked as seen."), **problems(UNAUTHENTICATED)},
)
async def put_seen(request: Request, viewer_id: ViewerId) -> Response:
    """Mark everything up to the newest line as seen."""
    await resources_of(request).feed.see_activity(viewer_id=viewer_id)
    return Response(status_code=204)

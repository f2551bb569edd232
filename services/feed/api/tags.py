"""The posts of a tag, and the search for tags."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.feed.actions.read_tags import find_tags, read_tag_timeline
from services.feed.api.since import Since
from services.feed.resources import resources_of
from shared.contracts.posts import PostPage, TagsFound
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Tags"])

# For any spelling of a tag; its normal form has at most 100 characters.
_CHARACTERS_MAX = 2_200


@router.get(
    "/timelines/tags/{tag}",
    summary="Posts of a tag",
    responses={
        **reply(200, PostPage, "The latest tagged first."),
        **problem_replies(401, 422, 503),
    },
)
async def get_tag_timeline(
    request: Request,
    tag: Annotated[str, Path(max_length=_CHARACTERS_MAX, examples=["fog"])],
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
    since: Since = None,
) -> Response:
    """Posts of any authors; the caller asks users which of them the viewer may see.

    With `since`, the page lies directly above that post. Its cursor needs the same `since` and
    leads upwards.
    """
    resources = resources_of(request)
    page = await read_tag_timeline(
        resources.tag_edges,
        resources.bodies,
        resources.reactions,
        tag,
        viewer_id,
        (limit, cursor, since),
    )
    return JsonReply(page)


@router.get(
    "/tags",
    summary="Find tags by prefix",
    responses={
        **reply(200, TagsFound, "The most used first."),
        **problem_replies(401, 422, 503),
    },
)
async def get_tags(
    request: Request,
    _viewer_id: ViewerId,
    q: Annotated[str, Query(min_length=1, max_length=_CHARACTERS_MAX, examples=["fo"])],
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
) -> Response:
    """Each with authors of its newest posts; the caller asks users which the viewer may know of."""
    resources = resources_of(request)
    return JsonReply(await find_tags(resources.group, resources.bodies, q, limit))

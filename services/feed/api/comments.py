"""What people write under posts."""

import uuid

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.feed.actions.comment_on_post import comment_on_post
from services.feed.actions.delete_comment import delete_comment
from services.feed.actions.like_comment import like_comment, unlike_comment
from services.feed.actions.read_comments import read_comment, read_comments
from services.feed.api.path_ids import CommentId, Id, PostId
from services.feed.domain.comments import COMMENT_CHARACTERS_MAX
from services.feed.resources import resources_of
from services.feed.store import comments
from shared.contracts.posts import Comment, CommentPage, Liked
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import COMMENTS_LIMIT_DEFAULT, CommentsLimit, Cursor
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Comments"])

_LIKED = {
    **reply(200, Liked, "Whether the viewer likes it, and how many do."),
    **problem_replies(401, 404, 503),
}


class NewComment(BaseModel):
    """A new comment; a reply to a reply is attached to the comment above both."""

    text: str = Field(
        json_schema_extra={"minLength": 1, "maxLength": COMMENT_CHARACTERS_MAX},
        examples=["@alice I can hear the horns #fog"],
    )
    reply_to: Id | None = None


@router.post(
    "/posts/{post_id}/comments",
    status_code=201,
    summary="Comment",
    responses={
        **reply(201, Comment, "The comment, or the one that this key made."),
        **problem_replies(400, 401, 404, 409, 422, 503),
    },
)
async def post_comment(
    request: Request,
    post_id: PostId,
    new: NewComment,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The caller asks users whether the viewer may see the post and the comment replied to."""
    resources = resources_of(request)
    comment = comments.NewComment(post_id, viewer_id, new.text, new.reply_to)
    key = idempotency_key or f"once {uuid.uuid4().hex}"
    made = await comment_on_post(resources.group, resources.comments, resources.users, comment, key)
    return JsonReply(made, 201)


@router.get(
    "/posts/{post_id}/comments",
    summary="The comments of a post",
    responses={
        **reply(200, CommentPage, "Oldest first."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_comments(
    request: Request,
    post_id: PostId,
    viewer_id: ViewerId,
    limit: CommentsLimit = COMMENTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Comments of all writers; the caller asks users which of them the viewer may know of."""
    resources = resources_of(request)
    page = await read_comments(
        resources.bodies,
        resources.comments,
        resources.comment_likes,
        post_id,
        viewer_id,
        (limit, cursor),
    )
    return JsonReply(page)


@router.get(
    "/comments/{comment_id}",
    summary="A comment",
    responses={
        **reply(200, Comment, "The comment."),
        **problem_replies(401, 404, 503),
    },
)
async def get_comment(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """A comment by any writer, if it and its post still exist."""
    resources = resources_of(request)
    comment = await read_comment(resources.comments, resources.comment_likes, comment_id, viewer_id)
    return JsonReply(comment)


@router.delete(
    "/comments/{comment_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a comment",
    responses={
        **no_content("It and its replies are gone, even if they were before."),
        **problem_replies(401, 403, 404, 503),
    },
)
async def remove_comment(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Its writer and the post's author may delete it."""
    resources = resources_of(request)
    await delete_comment(resources.group, resources.comments, comment_id, viewer_id)
    return Response(status_code=204)


@router.put("/comments/{comment_id}/like", summary="Like a comment", responses=_LIKED)
async def put_like(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Liking again changes nothing."""
    resources = resources_of(request)
    liked = await like_comment(
        resources.group, resources.comments, resources.comment_likes, comment_id, viewer_id
    )
    return JsonReply(liked)


@router.delete(
    "/comments/{comment_id}/like", summary="Take a comment's like back", responses=_LIKED
)
async def delete_like(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Works whether or not the viewer liked it."""
    resources = resources_of(request)
    liked = await unlike_comment(
        resources.group, resources.comments, resources.comment_likes, comment_id, viewer_id
    )
    return JsonReply(liked)

"""What people write under posts."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.comment_on_post import comment_on_post
from services.gateway.actions.forward import forward, forward_own
from services.gateway.actions.read_comments import read_comments
from services.gateway.api.client_body import ClientBody
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import CommentId, PostId
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    FORBIDDEN,
    IDEMPOTENCY_KEY_REUSED,
    INVALID,
    NOT_FOUND,
    REQUEST_IN_PROGRESS,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    problems,
)
from services.gateway.api.replies import link_to_next, private_reply
from services.gateway.api.reply_docs import no_content, page, reply
from services.gateway.api.session import ViewerId
from services.gateway.api.text import Text
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.comments import (
    CommentPage,
    CommentReply,
    public_comment,
    public_comments,
)
from services.gateway.views.wire_types import Id
from shared.contracts.posts import Liked
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.paging import COMMENTS_LIMIT_DEFAULT, CommentsLimit, Cursor

router = APIRouter(tags=["Comments"])

_LIKED = {
    **reply(200, Liked, "Whether you like it, and how many do."),
    **problems(UNAUTHENTICATED, NOT_FOUND),
}


class NewComment(ClientBody):
    """A new comment; a reply to a reply is attached to the comment above both."""

    text: Text = Field(
        json_schema_extra={"minLength": 1, "maxLength": 2200},
        examples=["@alice I can hear the horns #fog"],
    )
    reply_to: Id | None = None

    def as_contract(self) -> dict[str, Any]:
        """In feed's form: ids are numbers."""
        return {
            "text": self.text,
            "reply_to": None if self.reply_to is None else int(self.reply_to),
        }


@router.post(
    "/v1/posts/{post_id:id}/comments",
    status_code=201,
    summary="Comment",
    responses={
        **reply(201, CommentReply, "The comment."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            NOT_FOUND,
            REQUEST_IN_PROGRESS,
            INVALID,
            IDEMPOTENCY_KEY_REUSED,
            TOO_MANY_REQUESTS,
        ),
    },
)
async def comment(
    request: Request,
    post_id: PostId,
    new: NewComment,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Write under a post, or reply to a comment there."""
    resources = resources_of(request)
    key = key_or_new(idempotency_key)
    made = await comment_on_post(
        resources.feed, resources.author_cards, post_id, new.as_contract(), key, viewer_id
    )
    shown = public_comment(made.comment, made.people, resources.url_of())
    return private_reply({"comment": shown}, 201)


@router.get(
    "/v1/posts/{post_id:id}/comments",
    summary="The comments of a post",
    responses={
        **page(CommentPage, "A page of comments."),
        **problems(UNAUTHENTICATED, NOT_FOUND, INVALID),
    },
)
async def get_comments(
    request: Request,
    post_id: PostId,
    viewer_id: ViewerId,
    limit: CommentsLimit = COMMENTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Comments of a post, oldest first; replies name the comment they are attached to."""
    asked = PageRequest(limit, cursor)
    resources = resources_of(request)
    found, people = await read_comments(
        resources.feed, resources.author_cards, post_id, asked, viewer_id
    )
    items = public_comments(found["items"], people, resources.url_of())
    shown: CommentPage = {
        "items": items,
        "next_cursor": found["next_cursor"],
        "hidden_count": len(found["items"]) - len(items),
    }
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))


@router.delete(
    "/v1/comments/{comment_id:id}",
    status_code=204,
    response_class=Response,
    summary="Delete a comment",
    responses={
        **no_content("It and its replies are gone."),
        **problems(UNAUTHENTICATED, FORBIDDEN, NOT_FOUND),
    },
)
async def delete(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Delete your own comment, or one under your own post."""
    resources = resources_of(request)
    call = partial(resources.feed.delete_comment, comment_id, viewer_id=viewer_id)
    await forward_own(resources.comment_reader(comment_id, viewer_id), call)
    return Response(status_code=204)


@router.put("/v1/comments/{comment_id:id}/like", summary="Like a comment", responses=_LIKED)
async def like(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Like a comment; liking again changes nothing."""
    resources = resources_of(request)
    call = partial(resources.feed.like_comment, comment_id, viewer_id=viewer_id)
    return private_reply(await forward(resources.comment_reader(comment_id, viewer_id), call))


@router.delete(
    "/v1/comments/{comment_id:id}/like", summary="Take a comment's like back", responses=_LIKED
)
async def unlike(request: Request, comment_id: CommentId, viewer_id: ViewerId) -> Response:
    """Take a like back; works whether or not you liked it."""
    resources = resources_of(request)
    call = partial(resources.feed.unlike_comment, comment_id, viewer_id=viewer_id)
    return private_reply(await forward(resources.comment_reader(comment_id, viewer_id), call))

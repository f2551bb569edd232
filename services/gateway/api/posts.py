"""Publishes, reads, edits and deletes posts."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.gateway.actions.edit_post import edit_post
from services.gateway.actions.forward import forward_own
from services.gateway.actions.publish_post import publish_post
from services.gateway.actions.read_posts import read_post, read_posts, read_user_posts
from services.gateway.api.client_body import ClientBody
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import PostId, UserId
from services.gateway.api.preconditions import IfMatch
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    FORBIDDEN,
    IDEMPOTENCY_KEY_REUSED,
    INVALID,
    NOT_FOUND,
    PHOTO_ALREADY_PUBLISHED,
    PHOTO_FAILED,
    PHOTO_NOT_READY,
    PRECONDITION_FAILED,
    REQUEST_IN_PROGRESS,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    ProblemCode,
    problems,
)
from services.gateway.api.replies import conditional_reply, link_to_next, private_reply
from services.gateway.api.reply_docs import conditional, no_content, page, reply
from services.gateway.api.session import ViewerId
from services.gateway.api.since import Since
from services.gateway.api.text import Text
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.posts import Post, PostPage, PostReply, public_post, public_posts
from services.gateway.views.wire_types import Id
from shared.contracts.posts import Pinned
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, POSTS_LIMIT_MAX, Cursor, PostsLimit

router = APIRouter(tags=["Posts"])

PostIds = Annotated[
    list[Id],
    Query(
        min_length=1,
        max_length=POSTS_LIMIT_MAX,
        description="Ids of posts, repeated: `ids=1&ids=2`; at most 40.",
    ),
]

TOO_MANY_PINS = ProblemCode(409, "too_many_pins", "At most 3 posts can be pinned.")
_PINNED = {
    **reply(200, Pinned, "When it was pinned; null if it is not."),
    **problems(UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, TOO_MANY_PINS),
}


class DraftPlace(ClientBody):
    """Where the photos were taken; degrees in WGS 84."""

    name: Text = Field(examples=["Old harbour"])
    lat: float = Field(json_schema_extra={"minimum": -90, "maximum": 90}, examples=[53.5436])
    lng: float = Field(json_schema_extra={"minimum": -180, "maximum": 180}, examples=[9.9668])


class Draft(ClientBody):
    """A new post; feed enforces the limits shown here."""

    photo_ids: Annotated[
        list[Id],
        Field(
            description="1 to 10 own photos that are in no post yet, in display order.",
            json_schema_extra={"minItems": 1, "maxItems": 10},
        ),
    ]
    caption: Text = Field(
        "",
        json_schema_extra={"maxLength": 2200},
        examples=["Fog over the harbour with @bob #morning"],
    )
    place: DraftPlace | None = None

    def as_contract(self) -> dict[str, Any]:
        """In feed's form: ids are numbers."""
        return {**self.model_dump(), "photo_ids": [int(photo_id) for photo_id in self.photo_ids]}


class PostChange(ClientBody):
    """What to change; fields left out stay."""

    caption: Text = Field(
        "",
        description="The new caption; at most 2200 characters.",
        json_schema_extra={"maxLength": 2200},
        examples=["Fog over the harbour with @bob #evening"],
    )
    alt_texts: dict[Id, Text] = Field(
        {},
        description="By photo id: a description for people who cannot see the picture;"
        " at most 1500 characters each.",
        examples=[{"493848221934518280": "A lighthouse in the fog"}],
    )


@router.post(
    "/v1/posts",
    status_code=201,
    summary="Publish",
    responses={
        **reply(201, PostReply, "The post."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            NOT_FOUND,
            PHOTO_NOT_READY,
            PHOTO_FAILED,
            PHOTO_ALREADY_PUBLISHED,
            REQUEST_IN_PROGRESS,
            INVALID,
            IDEMPOTENCY_KEY_REUSED,
            TOO_MANY_REQUESTS,
        ),
    },
)
async def publish(
    request: Request, draft: Draft, viewer_id: ViewerId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Publish photos with a caption; waits up to 5 s for photos still being processed."""
    resources = resources_of(request)
    key = key_or_new(idempotency_key)
    made = await publish_post(
        resources.feed, resources.author_cards, draft.as_contract(), key, viewer_id
    )
    post = public_post(made.post, made.authors, resources.url_of())
    return private_reply({"post": post}, 201)


@router.get(
    "/v1/posts",
    summary="Several posts",
    responses={
        **reply(200, PostPage, "Those that you may see, in the order asked for."),
        **problems(UNAUTHENTICATED, INVALID),
    },
)
async def get_posts(request: Request, ids: PostIds, viewer_id: ViewerId) -> Response:
    """Up to 40 posts at once, without those that are gone or that you may not see."""
    resources = resources_of(request)
    found, authors = await read_posts(
        resources.feed, resources.author_cards, [int(post_id) for post_id in ids], viewer_id
    )
    posts = public_posts(found["items"], authors, resources.url_of())
    return private_reply({"items": posts, "next_cursor": None})


@router.get(
    "/v1/posts/{post_id:id}",
    summary="A post",
    responses={
        **conditional(Post, "The post."),
        **problems(UNAUTHENTICATED, NOT_FOUND),
    },
)
async def get_post(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """A post, if you may see its author's posts."""
    resources = resources_of(request)
    found = await read_post(resources.feed, resources.author_cards, post_id, viewer_id)
    return conditional_reply(request, public_post(found.post, found.authors, resources.url_of()))


@router.patch(
    "/v1/posts/{post_id:id}",
    summary="Edit a post",
    responses={
        **reply(200, PostReply, "The post as it is now."),
        **problems(
            BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED, INVALID
        ),
    },
)
async def edit(
    request: Request,
    post_id: PostId,
    change: PostChange,
    viewer_id: ViewerId,
    versions: IfMatch,
) -> Response:
    """Change the caption or alternative texts of your own post; everybody sees it at once.

    `edited_at` is the time of the last new caption.
    """
    resources = resources_of(request)
    given = change.model_dump(exclude_unset=True)
    edited = await edit_post(
        resources.feed, resources.author_cards, post_id, given, viewer_id, versions
    )
    post = public_post(edited.post, edited.authors, resources.url_of())
    return private_reply({"post": post})


@router.delete(
    "/v1/posts/{post_id:id}",
    status_code=204,
    response_class=Response,
    summary="Delete a post",
    responses={
        **no_content("It is gone, also from every timeline."),
        **problems(UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED),
    },
)
async def delete(
    request: Request, post_id: PostId, viewer_id: ViewerId, versions: IfMatch
) -> Response:
    """Delete your own post together with its photos."""
    resources = resources_of(request)
    call = partial(resources.feed.delete_post, post_id, viewer_id=viewer_id, versions=versions)
    await forward_own(resources.post_reader(post_id, viewer_id), call)
    return Response(status_code=204)


@router.put("/v1/posts/{post_id:id}/pin", summary="Pin a post", responses=_PINNED)
async def pin(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Pin your own post to the top of your page; at most three can be pinned."""
    resources = resources_of(request)
    call = partial(resources.feed.pin, post_id, viewer_id=viewer_id)
    return private_reply(await forward_own(resources.post_reader(post_id, viewer_id), call))


@router.delete("/v1/posts/{post_id:id}/pin", summary="Unpin a post", responses=_PINNED)
async def unpin(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Return your own post to its usual place; works whether or not it was pinned."""
    resources = resources_of(request)
    call = partial(resources.feed.unpin, post_id, viewer_id=viewer_id)
    return private_reply(await forward_own(resources.post_reader(post_id, viewer_id), call))


@router.get(
    "/v1/users/{user_id:id}/posts",
    summary="A person's posts",
    responses={
        **page(PostPage, "A page of posts."),
        **problems(UNAUTHENTICATED, NOT_FOUND, INVALID),
    },
)
async def get_user_posts(
    request: Request,
    user_id: UserId,
    viewer_id: ViewerId,
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
    since: Since = None,
) -> Response:
    """A person's posts: at most three pinned ones, then newest first.

    With `since`, pinned posts stay in order of time.
    """
    asked = PageRequest(limit, cursor, since=since)
    resources = resources_of(request)
    found, authors = await read_user_posts(
        resources.feed, resources.author_cards, user_id, asked, viewer_id
    )
    shown: PostPage = {
        "items": public_posts(found["items"], authors, resources.url_of()),
        "next_cursor": found["next_cursor"],
    }
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))

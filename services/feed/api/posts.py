"""Publishing, reading, editing, withdrawing and counting posts."""

import uuid
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.feed.actions.edit_post import Edit, edit_post
from services.feed.actions.pin_post import pin_post
from services.feed.actions.publish_post import Asked, publish_post
from services.feed.actions.read_posts import read_post, read_user_posts, read_user_posts_above
from services.feed.actions.show_posts import existing_posts, show_posts
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.api.path_ids import Id, PostId, UserId
from services.feed.api.since import Since
from services.feed.domain.drafts import CAPTION_CHARACTERS_MAX, PHOTOS_MAX, Draft
from services.feed.domain.gaps import gap_start
from services.feed.resources import resources_of
from services.feed.store.posts import post_counts_by_authors
from shared.contracts.posts import Pinned, Place, Post, PostCounts, PostPage
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, POSTS_LIMIT_MAX, Cursor, PostsLimit
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.versions import Versions
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Posts"])

AUTHORS_MAX = 200

PostIds = Annotated[list[Id], Query(min_length=1, max_length=POSTS_LIMIT_MAX)]


_PINNED = {
    **reply(200, Pinned, "When it was pinned, or null."),
    **problem_replies(401, 403, 404, 409, 503),
}


class NewPlace(BaseModel):
    """Where the photos were taken; degrees in WGS 84."""

    name: str = Field(examples=["Old harbour"])
    lat: float = Field(json_schema_extra={"minimum": -90, "maximum": 90}, examples=[53.5436])
    lng: float = Field(json_schema_extra={"minimum": -180, "maximum": 180}, examples=[9.9668])


class NewPost(BaseModel):
    """A new post; `domain.drafts` checks the limits, which stand here for the document."""

    photo_ids: Annotated[
        list[Id],
        Field(
            description="Own photos that are in no post yet, in the order to show.",
            json_schema_extra={"minItems": 1, "maxItems": PHOTOS_MAX},
        ),
    ]
    caption: str = Field(
        "",
        json_schema_extra={"maxLength": CAPTION_CHARACTERS_MAX},
        examples=["Fog over the harbour with @bob #morning"],
    )
    place: NewPlace | None = None

    def draft(self) -> Draft:
        """The same as a domain value."""
        place = None if self.place is None else cast(Place, self.place.model_dump())
        return Draft(tuple(self.photo_ids), self.caption, place)


class PostChange(BaseModel):
    """What to change about a post; fields left out stay as they are."""

    alt_texts: dict[Id, str] = Field(
        {},
        description="Alternative texts by photo id.",
        examples=[{"493848221934518100": "A lighthouse in the fog"}],
    )
    caption: str | None = Field(
        None,
        json_schema_extra={"maxLength": CAPTION_CHARACTERS_MAX},
        examples=["Fog over the harbour with @bob #evening"],
    )


class AuthorIds(BaseModel):
    """The authors whose posts to count."""

    ids: list[Id] = Field(max_length=AUTHORS_MAX)


@router.post(
    "/posts",
    status_code=201,
    summary="Publish",
    responses={
        **reply(201, Post, "The post, or the one that this key made before."),
        **problem_replies(400, 401, 404, 409, 422, 503, 504),
    },
)
async def post_posts(
    request: Request,
    new_post: NewPost,
    viewer_id: ViewerId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make the viewer's photos a post; wait up to 5 s for photos still being processed.

    409 `photo_not_ready` (with Retry-After), `photo_already_published`, `request_in_progress`; 422
    `idempotency_key_reused`.
    """
    resources = resources_of(request)
    post = await publish_post(
        resources.group,
        Asked(resources.upload, resources.users),
        resources.timelines,
        viewer_id,
        new_post.draft(),
        # Photos are claimed under the key, so a request without one gets a random key.
        idempotency_key or f"once {uuid.uuid4().hex}",
    )
    return JsonReply(post, 201)


@router.get(
    "/posts",
    summary="Several posts",
    responses={
        **reply(200, PostPage, "Those that exist, in the order asked for."),
        **problem_replies(401, 422, 503),
    },
)
async def get_posts(request: Request, ids: PostIds, viewer_id: ViewerId) -> Response:
    """Posts of any authors; the caller asks users which of them the viewer may see."""
    resources = resources_of(request)
    wanted = list(dict.fromkeys(ids))
    existing = await existing_posts(resources.bodies, wanted)
    shown = await show_posts(resources.reactions, existing, viewer_id)
    return JsonReply({"items": shown, "next_cursor": None})


@router.get(
    "/posts/{post_id}",
    summary="A post",
    responses={**reply(200, Post, "The post."), **problem_replies(401, 404, 503)},
)
async def get_post(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """A post of any author; the caller asks users whether the viewer may see it."""
    resources = resources_of(request)
    return JsonReply(await read_post(resources.bodies, resources.reactions, post_id, viewer_id))


@router.patch(
    "/posts/{post_id}",
    summary="Edit a post",
    responses={
        **reply(200, Post, "The post as it is now."),
        **problem_replies(400, 401, 403, 404, 412, 422, 503),
    },
)
async def patch_post(
    request: Request,
    post_id: PostId,
    new: PostChange,
    viewer_id: ViewerId,
    version: Versions = None,
) -> Response:
    """Only the author may; everybody sees the change at once, and former captions are kept."""
    resources = resources_of(request)
    post = await edit_post(
        resources.group,
        resources.bodies,
        resources.users,
        resources.reactions,
        Edit(post_id, viewer_id, new.caption, new.alt_texts, version),
    )
    return JsonReply(post)


@router.delete(
    "/posts/{post_id}",
    status_code=204,
    response_class=Response,
    summary="Withdraw a post",
    responses={
        **no_content("It is gone, even if it was before."),
        **problem_replies(401, 403, 404, 412, 422, 503),
    },
)
async def delete_post(
    request: Request, post_id: PostId, viewer_id: ViewerId, version: Versions = None
) -> Response:
    """Only the author may; it leaves every timeline at once, and its photos go soon after."""
    resources = resources_of(request)
    await withdraw_post(
        resources.group,
        resources.bodies,
        resources.users,
        Withdrawal(post_id, viewer_id, version),
    )
    return Response(status_code=204)


@router.get(
    "/users/{user_id}/posts",
    summary="A person's posts",
    responses={
        **reply(200, PostPage, "Pinned ones first, then newest first."),
        **problem_replies(401, 404, 422, 503),
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
    """Empty for an unknown user; the caller asks users whether the viewer may see the posts.

    With `since`, the page lies directly above that post. Its cursor needs the same `since` and
    leads upwards.
    """
    resources = resources_of(request)
    asked = (resources.group, resources.reactions, user_id, viewer_id)
    if since is not None:
        start = gap_start(since, cursor)
        return JsonReply(await read_user_posts_above(*asked, (limit, start)))
    return JsonReply(await read_user_posts(*asked, (limit, cursor)))


@router.put("/posts/{post_id}/pin", summary="Pin a post", responses=_PINNED)
async def put_pin(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Only the author may; the post comes first on their page. 409 `too_many_pins` for a fourth."""
    return await _set_pin(request, post_id, viewer_id, is_pinned=True)


@router.delete("/posts/{post_id}/pin", summary="Unpin a post", responses=_PINNED)
async def delete_pin(request: Request, post_id: PostId, viewer_id: ViewerId) -> Response:
    """Only the author may; works whether or not it was pinned."""
    return await _set_pin(request, post_id, viewer_id, is_pinned=False)


async def _set_pin(request: Request, post_id: int, viewer_id: int, *, is_pinned: bool) -> Response:
    resources = resources_of(request)
    pinned = await pin_post(
        resources.group,
        resources.bodies,
        resources.users,
        (viewer_id, post_id),
        is_pinned=is_pinned,
    )
    return JsonReply(pinned)


@router.post(
    "/post-counts",
    summary="How many posts people have",
    responses={
        **reply(200, PostCounts, "By decimal id, for each author asked for."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_post_counts(request: Request, authors: AuthorIds) -> Response:
    """A read; it is a POST because its list of ids can be long."""
    counts = await post_counts_by_authors(resources_of(request).group, authors.ids)
    return JsonReply({"counts": {str(author_id): count for author_id, count in counts.items()}})

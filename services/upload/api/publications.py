"""Photos and their posts or profiles: claimed, confirmed, described and released."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.upload.actions.claim_photos import WAIT_MS_MAX, claim_photos
from services.upload.actions.confirm_photos import confirm_photos
from services.upload.actions.describe_photos import describe_photos
from services.upload.actions.release_photos import release_photos
from services.upload.resources import resources_of
from shared.contracts.examples import PHOTO_ID, POST_ID, USER_ID
from shared.contracts.photos import ClaimedPhotos
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Publications"])

_ID_MAX = 2**63 - 1
_PHOTOS_MAX = 10

Id = Annotated[int, Field(gt=0, le=_ID_MAX)]
PhotoIds = Annotated[list[Id], Field(min_length=1, max_length=_PHOTOS_MAX, examples=[[PHOTO_ID]])]
OwnerId = Annotated[int, Field(gt=0, le=_ID_MAX, examples=[USER_ID])]
Claimant = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        description="Identifies the future post; the same claimant may claim again.",
        examples=["post/6f1d"],
    ),
]
# Optional, because events of older versions do not have it.
PostId = Annotated[int | None, Field(gt=0, le=_ID_MAX, examples=[POST_ID])]


class Claim(BaseModel):
    """A claim of photos for a post."""

    photo_ids: PhotoIds
    claimant: Claimant
    wait_ms: int = Field(
        0, ge=0, le=WAIT_MS_MAX, description="How long to wait for photos still being processed."
    )


class Confirmation(BaseModel):
    """The post exists for which the photos were claimed."""

    owner_id: OwnerId
    photo_ids: PhotoIds
    claimant: Claimant
    post_id: PostId = None


class Description(BaseModel):
    """Alternative texts of a post's photos, by decimal id; feed has checked them."""

    owner_id: OwnerId
    post_id: Annotated[int, Field(gt=0, le=_ID_MAX, examples=[POST_ID])]
    alt_texts: dict[Annotated[str, Field(pattern="^[1-9][0-9]{0,18}$")], str] = Field(
        max_length=_PHOTOS_MAX, examples=[{str(PHOTO_ID): "A lighthouse in fog"}]
    )


class Release(BaseModel):
    """The photos' post is gone."""

    owner_id: OwnerId
    photo_ids: PhotoIds
    post_id: PostId = None


@router.post(
    "/photos/claim",
    summary="Reserve photos for a post",
    responses={
        **reply(200, ClaimedPhotos, "In the order asked for."),
        **problem_replies(400, 401, 404, 409, 422, 503, 504),
    },
)
async def post_claim(request: Request, claim: Claim, viewer_id: ViewerId) -> Response:
    """Claim all photos or none, for ten minutes unless confirmed; repeatable.

    404 if one is not the viewer's; 409 `photo_not_ready`, `photo_failed` or
    `photo_already_published`.
    """
    claimed = await claim_photos(
        resources_of(request).group, viewer_id, claim.photo_ids, claim.claimant, claim.wait_ms
    )
    return JsonReply(claimed)


@router.post(
    "/photos/confirm",
    status_code=204,
    summary="Confirm the photos of a post",
    responses={
        **no_content("They belong to the post for good."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_confirmation(request: Request, confirmation: Confirmation) -> Response:
    """Repeatable, and allowed to come late."""
    await confirm_photos(
        resources_of(request).group,
        confirmation.owner_id,
        confirmation.photo_ids,
        confirmation.claimant,
        confirmation.post_id,
    )
    return Response(status_code=204)


@router.post(
    "/photos/describe",
    status_code=204,
    summary="Describe the photos of a post",
    responses={
        **no_content("Their owner sees the new texts, too."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_description(request: Request, said: Description) -> Response:
    """Repeatable. The post of published photos is the authority for their texts."""
    group = resources_of(request).group
    alt_texts = {int(photo_id): text for photo_id, text in said.alt_texts.items()}
    await describe_photos(group, said.owner_id, said.post_id, alt_texts)
    return Response(status_code=204)


@router.post(
    "/photos/release",
    status_code=204,
    summary="Release the photos of a post",
    responses={**no_content("They are gone, too."), **problem_replies(400, 401, 422, 503)},
)
async def post_release(request: Request, release: Release) -> Response:
    """Gone at once for their owner; the store deletes the renditions a moment later. Repeatable.

    A photo that another post has meanwhile stays.
    """
    group = resources_of(request).group
    await release_photos(group, release.owner_id, release.photo_ids, release.post_id)
    return Response(status_code=204)

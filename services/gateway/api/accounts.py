"""Sign-up, the viewer's own profile, and the password."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.change_password import change_password
from services.gateway.actions.edit_profile import edit_profile
from services.gateway.actions.read_profile import read_me
from services.gateway.api.accept_language import AcceptLanguage
from services.gateway.api.client_body import ClientBody
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.preconditions import IfMatch
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    IDEMPOTENCY_KEY_REUSED,
    INVALID,
    PHOTO_ALREADY_PUBLISHED,
    PHOTO_FAILED,
    PHOTO_NOT_READY,
    PRECONDITION_FAILED,
    PROFILE_CHANGED,
    REQUEST_IN_PROGRESS,
    TOO_MANY_GUESSES,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    USERNAME_TAKEN,
    WRONG_PASSWORD,
    problems,
)
from services.gateway.api.replies import conditional_reply, private_reply
from services.gateway.api.reply_docs import conditional, no_content, reply
from services.gateway.api.session import WITHOUT_SESSION, InSession, ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.people import Me, public_me
from services.gateway.views.sessions import SignedIn, public_signed_in
from services.gateway.views.wire_types import Id
from shared.faults import language_of
from shared.http_server.idempotency_key import IdempotencyKey

router = APIRouter(tags=["Accounts"])


class SignUp(ClientBody):
    """A new account; users enforces the limits shown here."""

    username: Text = Field(
        description="1 to 30 of a-z, 0-9, dot and underscore, not ending in a dot.",
        json_schema_extra={"minLength": 1, "maxLength": 30},
        examples=["alice"],
    )
    email: Text = Field(json_schema_extra={"format": "email"}, examples=["alice@mail.example"])
    password: Text = Field(
        json_schema_extra={"minLength": 8, "maxLength": 128, "format": "password"},
        examples=["correct horse battery"],
    )
    device: Text = Field(
        "", description="The device's name in the list of sessions.", examples=["Alice's phone"]
    )


@router.post(
    "/v1/users",
    status_code=201,
    summary="Sign up",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **reply(201, SignedIn, "The new account, signed in."),
        **problems(
            BAD_REQUEST,
            USERNAME_TAKEN,
            REQUEST_IN_PROGRESS,
            INVALID,
            IDEMPOTENCY_KEY_REUSED,
            TOO_MANY_REQUESTS,
        ),
    },
)
async def sign_up(
    request: Request,
    account: SignUp,
    accept_language: AcceptLanguage = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Create an account and open its first session, on this device.

    A message with a code goes to the address: `PUT /v1/me/email/verification` takes it. From then
    on the address signs in, too. A reply does not tell whether somebody else has the address.
    """
    resources = resources_of(request)
    form = {**account.model_dump(), "language": language_of(accept_language or "")}
    signed_in = await resources.users.sign_up(form, key_or_new(idempotency_key))
    # A new account has no posts, and a repeated request must get the same reply.
    return private_reply(public_signed_in(signed_in, 0, resources.url_of()), 201)


class ProfileChange(ClientBody):
    """What to change; fields left out stay. Users enforces the limits."""

    username: Text = Field(
        "",
        description="1 to 30 of a-z, 0-9, dot and underscore, not ending in a dot. The old one"
        " stays reserved for 14 days.",
        json_schema_extra={"minLength": 1, "maxLength": 30},
        examples=["alice.m"],
    )
    display_name: Text = Field("", json_schema_extra={"maxLength": 50}, examples=["Alice Moreau"])
    bio: Text = Field(
        "",
        json_schema_extra={"maxLength": 150},
        examples=["Analogue things, mostly in the fog."],
    )
    website: Text = Field(
        "", description="http or https, or empty.", examples=["https://alice.example"]
    )
    is_private: bool = Field(
        False, description="Whether only followers see what you publish.", examples=[True]
    )
    avatar_photo_id: Id | None = Field(
        None, description="An own photo that is in no post; null removes the avatar."
    )

    def as_contract(self) -> dict[str, Any]:
        """Only the given fields, with ids as numbers."""
        given = self.model_dump(exclude_unset=True)
        if given.get("avatar_photo_id") is not None:
            given["avatar_photo_id"] = int(given["avatar_photo_id"])
        return given


class PasswordChange(ClientBody):
    """The current and the new password."""

    current_password: Text = Field(
        json_schema_extra={"format": "password"}, examples=["correct horse battery"]
    )
    new_password: Text = Field(
        json_schema_extra={"minLength": 8, "maxLength": 128, "format": "password"},
        examples=["staple incorrectly"],
    )


@router.get(
    "/v1/me",
    summary="Own profile",
    responses={
        **conditional(Me, "The profile with its private fields."),
        **problems(UNAUTHENTICATED),
    },
)
async def get_me(request: Request, viewer_id: ViewerId) -> Response:
    """Your own profile, with the fields that nobody else sees."""
    resources = resources_of(request)
    profile, count = await read_me(resources.users, resources.feed, viewer_id)
    return conditional_reply(request, public_me(profile, count, resources.url_of()))


@router.patch(
    "/v1/me",
    summary="Change own profile",
    responses={
        **reply(200, Me, "The profile as it is now."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            USERNAME_TAKEN,
            PROFILE_CHANGED,
            PHOTO_NOT_READY,
            PHOTO_FAILED,
            PHOTO_ALREADY_PUBLISHED,
            PRECONDITION_FAILED,
            INVALID,
        ),
    },
)
async def patch_me(
    request: Request, changes: ProfileChange, viewer_id: ViewerId, versions: IfMatch
) -> Response:
    """Change some fields of your profile, your username included.

    Waits up to 5 s for an avatar that is still being processed. The photo of the former avatar is
    deleted.
    """
    resources = resources_of(request)
    given = changes.as_contract()
    profile, count = await edit_profile(resources.users, resources.feed, given, viewer_id, versions)
    return private_reply(public_me(profile, count, resources.url_of()))


@router.put(
    "/v1/me/password",
    status_code=204,
    response_class=Response,
    summary="Change the password",
    responses={
        **no_content("Every other session has ended, everywhere within 5 seconds."),
        **problems(BAD_REQUEST, UNAUTHENTICATED, WRONG_PASSWORD, INVALID, TOO_MANY_GUESSES),
    },
)
async def put_password(request: Request, change: PasswordChange, current: InSession) -> Response:
    """Set a new password; all your other devices are signed out."""
    resources = resources_of(request)
    await change_password(resources.users, resources.sessions, current, change.model_dump())
    return Response(status_code=204)

"""Sign-up, and the viewer's own profile."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.change_password import PasswordChange, change_password
from services.users.actions.edit_profile import edit_profile
from services.users.actions.sign_up import sign_up
from services.users.domain.emails import EMAIL_CHARACTERS_MAX
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN
from services.users.domain.profiles import own_profile_of
from services.users.domain.sign_up_form import SignUpForm
from services.users.domain.texts import (
    BIO_CHARACTERS_MAX,
    DEVICE_CHARACTERS_MAX,
    DISPLAY_NAME_CHARACTERS_MAX,
    WEBSITE_CHARACTERS_MAX,
)
from services.users.domain.usernames import USERNAME_CHARACTERS_MAX, USERNAME_PATTERN
from services.users.resources import resources_of
from services.users.store.profiles import find_profile
from shared.contracts.examples import SESSION_ID
from shared.contracts.people import Profile, SignedIn
from shared.errors import Unauthenticated
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.versions import Versions
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Accounts"])


class SignUp(BaseModel):
    """A new account; the domain checks these limits and reports all faults together."""

    username: str = Field(
        description="Neither reserved nor taken.",
        json_schema_extra={"maxLength": USERNAME_CHARACTERS_MAX, "pattern": USERNAME_PATTERN},
        examples=["alice"],
    )
    email: str = Field(
        json_schema_extra={"format": "email", "maxLength": EMAIL_CHARACTERS_MAX},
        examples=["alice@mail.example"],
    )
    password: str = Field(
        json_schema_extra={
            "format": "password",
            "minLength": PASSWORD_CHARACTERS_MIN,
            "maxLength": PASSWORD_CHARACTERS_MAX,
        },
        examples=["correct horse battery"],
    )
    device: str = Field(
        "",
        description="The name of the session that the sign-up opens.",
        json_schema_extra={"maxLength": DEVICE_CHARACTERS_MAX},
        examples=["Alice's phone"],
    )
    language: str = Field(
        "en", description="That of messages; English for any that they lack.", examples=["es-MX"]
    )


@router.post(
    "/users",
    status_code=201,
    summary="Sign up",
    responses={
        **reply(201, SignedIn, "The account, signed in."),
        **problem_replies(400, 401, 409, 422, 503),
    },
)
async def post_user(
    request: Request, account: SignUp, idempotency_key: IdempotencyKey = None
) -> Response:
    """Create an account and its first session.

    409 `username_taken` or `request_in_progress`. The same key and body get the same
    reply again, tokens included.
    """
    resources = resources_of(request)
    form = SignUpForm(
        account.username, account.email, account.password, account.device, account.language
    )
    signed_in = await sign_up(
        resources.group,
        resources.passwords,
        resources.mail_limits,
        resources.tokens,
        form,
        idempotency_key,
    )
    return JsonReply(signed_in, 201)


class ProfileChange(BaseModel):
    """What to change; fields left out stay."""

    username: str = Field(
        "",
        description="The old one stays reserved for 14 days.",
        json_schema_extra={"maxLength": USERNAME_CHARACTERS_MAX, "pattern": USERNAME_PATTERN},
        examples=["alice.m"],
    )
    display_name: str = Field(
        "",
        json_schema_extra={"maxLength": DISPLAY_NAME_CHARACTERS_MAX},
        examples=["Alice Moreau"],
    )
    bio: str = Field(
        "",
        json_schema_extra={"maxLength": BIO_CHARACTERS_MAX},
        examples=["Analogue things, mostly in the fog."],
    )
    website: str = Field(
        "",
        description="http or https, or empty.",
        json_schema_extra={"maxLength": WEBSITE_CHARACTERS_MAX},
        examples=["https://alice.example"],
    )
    is_private: bool = Field(False, examples=[True])
    avatar_photo_id: Annotated[int, Field(gt=0, lt=2**63)] | None = Field(
        None,
        description="An own photo that is in no post; null removes the avatar.",
        examples=[493848221934518280],
    )


class NewPassword(BaseModel):
    """`session_id` names the caller's session, which does not end."""

    current_password: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery"],
    )
    new_password: str = Field(
        json_schema_extra={
            "format": "password",
            "minLength": PASSWORD_CHARACTERS_MIN,
            "maxLength": PASSWORD_CHARACTERS_MAX,
        },
        examples=["staple incorrectly"],
    )
    session_id: int = Field(ge=1, lt=2**63, examples=[SESSION_ID])


@router.get(
    "/me",
    summary="The viewer's own profile",
    responses={
        **reply(200, Profile, "The profile with its private fields."),
        **problem_replies(401, 503),
    },
)
async def get_me(request: Request, viewer_id: ViewerId) -> Response:
    """A profile as only its owner sees it; 401 if the account is gone."""
    person = await find_profile(resources_of(request).group, viewer_id)
    if person is None:
        raise Unauthenticated
    return JsonReply(own_profile_of(person))


@router.patch(
    "/me",
    summary="Change the viewer's own profile",
    responses={
        **reply(200, Profile, "The profile as it is now."),
        **problem_replies(400, 401, 409, 412, 422, 503, 504),
    },
)
async def patch_me(
    request: Request, changes: ProfileChange, viewer_id: ViewerId, version: Versions = None
) -> Response:
    """Waits for the avatar's photo if it is still being processed; the former avatar's photo goes.

    409 `username_taken`; `profile_changed` if another change met a renaming; `photo_not_ready`,
    `photo_failed` or `photo_already_published`.
    """
    resources = resources_of(request)
    given = changes.model_dump(exclude_unset=True)
    person = await edit_profile(
        resources.group, resources.upload, resources.tokens, viewer_id, given, version
    )
    return JsonReply(own_profile_of(person))


@router.put(
    "/me/password",
    status_code=204,
    summary="Change the viewer's password",
    responses={
        **no_content("Every other session has ended, everywhere within 5 seconds."),
        **problem_replies(400, 401, 403, 422, 429, 503),
    },
)
async def put_password(request: Request, new: NewPassword, viewer_id: ViewerId) -> Response:
    """403 `wrong_password` if the current one is wrong.

    429 `too_many_guesses` follows 10 failures of the account in an hour, here and elsewhere.
    """
    resources = resources_of(request)
    change = PasswordChange(new.current_password, new.new_password, new.session_id)
    await change_password(
        resources.group, resources.passwords, resources.sessions, viewer_id, change
    )
    return Response(status_code=204)

"""Verifies and changes the viewer's address, and opens the links of messages."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.ask_address_change import AddressWish, ask_address_change
from services.users.actions.ask_verification import ask_verification
from services.users.actions.change_address import change_by_code
from services.users.actions.open_link import open_link
from services.users.actions.verify_address import verify_by_code
from services.users.domain.emails import EMAIL_CHARACTERS_MAX
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX
from services.users.domain.profiles import own_profile_of
from services.users.domain.proofs import LINK_CHARACTERS_MAX
from services.users.resources import Resources, resources_of
from services.users.store.profiles import find_profile
from shared.contracts.examples import VALUES
from shared.contracts.people import OpenedLink, Profile
from shared.errors import Unauthenticated
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Addresses"])

# Six digits, and the spaces that people type between them.
CODE_CHARACTERS_MAX = 16


class WantedMessage(BaseModel):
    """The language that the app speaks."""

    language: str = Field("en", max_length=35, examples=["es-MX"])


class TypedCode(BaseModel):
    """The code of a message as it was typed."""

    code: str = Field(max_length=CODE_CHARACTERS_MAX, examples=[VALUES["code"]])


class OpenedAddress(BaseModel):
    """What a link ends with."""

    link: str = Field(max_length=LINK_CHARACTERS_MAX, examples=[VALUES["link"]])


@router.post(
    "/me/email/verification",
    status_code=202,
    response_class=Response,
    summary="Send the viewer a code for the address",
    responses={
        202: {"description": "The message is on its way."},
        **problem_replies(400, 401, 409, 422, 429, 503),
    },
)
async def post_verification(
    request: Request, wanted: WantedMessage, viewer_id: ViewerId
) -> Response:
    """409 `email_verified`; 429 `too_many_mails` after 6 messages to an address in an hour."""
    resources = resources_of(request)
    await ask_verification(resources.group, resources.mail_limits, viewer_id, wanted.language)
    return Response(status_code=202)


@router.put(
    "/me/email/verification",
    summary="Verify the viewer's address",
    responses={
        **reply(200, Profile, "The profile, with its verified address."),
        **problem_replies(400, 401, 403, 409, 422, 429, 503),
    },
)
async def put_verification(request: Request, typed: TypedCode, viewer_id: ViewerId) -> Response:
    """403 `wrong_code`, also if the code has ended: after 24 hours, or 5 wrong ones.

    429 `too_many_guesses` follows 10 wrong codes of the account in an hour.
    """
    resources = resources_of(request)
    await verify_by_code(
        resources.group, resources.passwords, resources.codes, viewer_id, typed.code
    )
    return JsonReply(await _own_profile(resources, viewer_id))


class NewAddress(WantedMessage):
    """The new address, and the password again."""

    email: str = Field(
        json_schema_extra={"format": "email", "maxLength": EMAIL_CHARACTERS_MAX},
        examples=["alice@new.example"],
    )
    password: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery"],
    )


@router.post(
    "/me/email",
    status_code=202,
    response_class=Response,
    summary="Begin a change of the viewer's address",
    responses={
        202: {"description": "A code is on its way to the new address."},
        **problem_replies(400, 401, 403, 422, 429, 503),
    },
)
async def post_email(request: Request, wanted: NewAddress, viewer_id: ViewerId) -> Response:
    """403 `wrong_password`; 429 `too_many_guesses` and `too_many_mails`.

    Whether another account has the address, only its reader learns.
    """
    resources = resources_of(request)
    wish = AddressWish(wanted.email, wanted.password, wanted.language)
    await ask_address_change(
        resources.group, resources.passwords, resources.mail_limits, viewer_id, wish
    )
    return Response(status_code=202)


@router.put(
    "/me/email",
    summary="Change the viewer's address",
    responses={
        **reply(200, Profile, "The profile, with its new address."),
        **problem_replies(400, 401, 403, 409, 422, 429, 503),
    },
)
async def put_email(request: Request, typed: TypedCode, viewer_id: ViewerId) -> Response:
    """Both addresses are told, and the former one may undo it for 7 days by a link.

    403 `wrong_code`, 409 `email_taken` and `profile_changed`.
    """
    resources = resources_of(request)
    await change_by_code(
        resources.group, resources.passwords, resources.codes, viewer_id, typed.code
    )
    return JsonReply(await _own_profile(resources, viewer_id))


@router.post(
    "/links",
    summary="Open the link of a message",
    responses={
        **reply(200, OpenedLink, "What the link was for, and is done."),
        **problem_replies(400, 401, 403, 409, 422, 503),
    },
)
async def post_link(request: Request, opened: OpenedAddress) -> Response:
    """The link is the proof: it needs no session. 403 `wrong_code` if it has ended."""
    resources = resources_of(request)
    purpose = await open_link(resources.group, resources.sessions, resources.codes, opened.link)
    return JsonReply({"purpose": purpose})


async def _own_profile(resources: Resources, viewer_id: int) -> Profile:
    person = await find_profile(resources.group, viewer_id)
    if person is None:
        raise Unauthenticated
    return own_profile_of(person)

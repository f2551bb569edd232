"""Verifying and changing the viewer's address, and opening the links of messages."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.read_profile import posts_count
from services.gateway.api.accept_language import AcceptLanguage
from services.gateway.api.client_body import ClientBody
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    EMAIL_TAKEN,
    EMAIL_VERIFIED,
    INVALID,
    PROFILE_CHANGED,
    TOO_MANY_GUESSES,
    TOO_MANY_MAILS,
    UNAUTHENTICATED,
    WRONG_CODE,
    WRONG_PASSWORD,
    problems,
)
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import WITHOUT_SESSION, ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.people import Me, public_me
from shared.contracts.examples import VALUES
from shared.contracts.people import OpenedLink
from shared.faults import language_of

router = APIRouter(tags=["Accounts"])


class Code(ClientBody):
    """The code of the newest message."""

    code: Text = Field(description="Six digits.", max_length=16, examples=[VALUES["code"]])


class NewAddress(ClientBody):
    """The new address, and the password again: a session left open must not give it away."""

    email: Text = Field(json_schema_extra={"format": "email"}, examples=["alice@new.example"])
    password: Text = Field(
        json_schema_extra={"format": "password"}, examples=["correct horse battery"]
    )


class Link(ClientBody):
    """What the link in a message has after its `#`."""

    link: Text = Field(max_length=64, examples=[VALUES["link"]])


@router.post(
    "/v1/me/email/verification",
    status_code=202,
    response_class=Response,
    summary="Send a code to the address",
    responses={
        202: {"description": "The message is on its way; its code replaces earlier ones."},
        **problems(UNAUTHENTICATED, EMAIL_VERIFIED, TOO_MANY_MAILS),
    },
)
async def ask_verification(
    request: Request, viewer_id: ViewerId, accept_language: AcceptLanguage = None
) -> Response:
    """Get another message with a code, which counts for 24 hours."""
    language = language_of(accept_language or "")
    await resources_of(request).users.ask_verification(language, viewer_id=viewer_id)
    return Response(status_code=202)


@router.put(
    "/v1/me/email/verification",
    summary="Verify the address",
    responses={
        **reply(200, Me, "The profile, with its verified address."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            WRONG_CODE,
            EMAIL_TAKEN,
            PROFILE_CHANGED,
            INVALID,
            TOO_MANY_GUESSES,
        ),
    },
)
async def verify_address(request: Request, typed: Code, viewer_id: ViewerId) -> Response:
    """Show that you read the address. After five wrong codes, ask for another message."""
    resources = resources_of(request)
    profile = await resources.users.verify_address(typed.code, viewer_id=viewer_id)
    count = await posts_count(resources.feed, viewer_id, viewer_id)
    return private_reply(public_me(profile, count, resources.url_of()))


@router.post(
    "/v1/me/email",
    status_code=202,
    response_class=Response,
    summary="Begin a change of the address",
    responses={
        202: {"description": "A code is on its way to the new address."},
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            WRONG_PASSWORD,
            INVALID,
            TOO_MANY_GUESSES,
            TOO_MANY_MAILS,
        ),
    },
)
async def ask_address_change(
    request: Request,
    wanted: NewAddress,
    viewer_id: ViewerId,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Have a code sent to a new address, which counts for two hours.

    Whether another account has the address, only its reader learns.
    """
    wish = {**wanted.model_dump(), "language": language_of(accept_language or "")}
    await resources_of(request).users.ask_address_change(wish, viewer_id=viewer_id)
    return Response(status_code=202)


@router.put(
    "/v1/me/email",
    summary="Change the address",
    responses={
        **reply(200, Me, "The profile, with its new address."),
        **problems(
            BAD_REQUEST,
            UNAUTHENTICATED,
            WRONG_CODE,
            EMAIL_TAKEN,
            PROFILE_CHANGED,
            INVALID,
            TOO_MANY_GUESSES,
        ),
    },
)
async def change_address(request: Request, typed: Code, viewer_id: ViewerId) -> Response:
    """Use the new address. Both are told, and the former one can undo it for seven days."""
    resources = resources_of(request)
    profile = await resources.users.change_address(typed.code, viewer_id=viewer_id)
    count = await posts_count(resources.feed, viewer_id, viewer_id)
    return private_reply(public_me(profile, count, resources.url_of()))


@router.post(
    "/v1/links",
    summary="Open the link of a message",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **reply(200, OpenedLink, "What the link is for."),
        **problems(BAD_REQUEST, WRONG_CODE, EMAIL_TAKEN, PROFILE_CHANGED, INVALID),
    },
)
async def open_link(request: Request, opened: Link) -> Response:
    """Do what a link stands for; the link is the proof, and needs no session.

    For `reset_password` nothing is done yet: send it with the new password to
    `PUT /v1/password-resets`.
    """
    return private_reply(await resources_of(request).users.open_link(opened.link))

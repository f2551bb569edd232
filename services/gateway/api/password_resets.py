"""A new password for somebody who has forgotten theirs."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.api.accept_language import AcceptLanguage
from services.gateway.api.caller_address import client_address
from services.gateway.api.client_body import ClientBody
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    INVALID,
    TOO_MANY_MAILS,
    TOO_MANY_SIGN_INS,
    WRONG_CODE,
    problems,
)
from services.gateway.api.reply_docs import no_content
from services.gateway.api.session import WITHOUT_SESSION
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from shared.contracts.examples import VALUES
from shared.faults import language_of

router = APIRouter(tags=["Accounts"])

# Slightly more than the longest spelling of an IPv6 address.
_ADDRESS_CHARACTERS_MAX = 64


class Forgotten(ClientBody):
    """Whose password is forgotten."""

    login: Text = Field(description="Username or e-mail address.", examples=["alice"])


class Reset(ClientBody):
    """The new password, and the login with its code, or else the link."""

    new_password: Text = Field(
        json_schema_extra={"minLength": 8, "maxLength": 128, "format": "password"},
        examples=["staple incorrectly"],
    )
    login: Text = Field("", description="As it was asked for.", examples=["alice"])
    code: Text = Field("", description="Six digits.", max_length=16, examples=[VALUES["code"]])
    link: Text = Field(
        "",
        description="What a link has after its `#`, instead of login and code.",
        max_length=64,
        examples=[VALUES["link"]],
    )


@router.post(
    "/v1/password-resets",
    status_code=202,
    response_class=Response,
    summary="Ask for a new password",
    openapi_extra=WITHOUT_SESSION,
    responses={
        202: {"description": "If the login is an account's, a message is on its way."},
        **problems(BAD_REQUEST, INVALID, TOO_MANY_MAILS),
    },
)
async def ask_reset(
    request: Request, forgotten: Forgotten, accept_language: AcceptLanguage = None
) -> Response:
    """Have a code sent to the address of an account, which counts for 30 minutes.

    The reply is the same, and as quick, whether or not there is such an account.
    """
    wish = {
        "login": forgotten.login,
        "language": language_of(accept_language or ""),
        "address": _address_of(request),
    }
    await resources_of(request).users.ask_reset(wish)
    return Response(status_code=202)


@router.put(
    "/v1/password-resets",
    status_code=204,
    response_class=Response,
    summary="Set a new password by a code",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **no_content("Every session has ended, everywhere within 5 seconds; sign in anew."),
        **problems(BAD_REQUEST, WRONG_CODE, INVALID, TOO_MANY_SIGN_INS),
    },
)
async def reset_password(request: Request, reset: Reset) -> Response:
    """Set a new password; all your devices are signed out, and you are told by a message."""
    wish = {**reset.model_dump(), "address": _address_of(request)}
    await resources_of(request).users.reset_password(wish)
    return Response(status_code=204)


def _address_of(request: Request) -> str:
    return client_address(request.scope, request.headers)[:_ADDRESS_CHARACTERS_MAX]

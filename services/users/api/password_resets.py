"""A new password for somebody who has forgotten theirs."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.ask_reset import ask_reset
from services.users.actions.reset_password import ResetForm, reset_password
from services.users.domain.emails import EMAIL_CHARACTERS_MAX
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN
from services.users.domain.proofs import LINK_CHARACTERS_MAX
from services.users.domain.sign_in_limits import ADDRESS_CHARACTERS_MAX
from services.users.resources import resources_of
from shared.contracts.examples import VALUES
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content

router = APIRouter(tags=["Passwords"])


class Forgotten(BaseModel):
    """Who has forgotten the password, and where the wish comes from."""

    login: str = Field(
        description="A username or an e-mail address.",
        max_length=EMAIL_CHARACTERS_MAX,
        examples=["alice"],
    )
    language: str = Field("en", max_length=35, examples=["es-MX"])
    address: str | None = Field(
        None,
        description="The client's address as the gateway knows it; limits the messages.",
        max_length=ADDRESS_CHARACTERS_MAX,
        examples=["203.0.113.7"],
    )


class Reset(BaseModel):
    """The new password, and a link, or else a login with a code."""

    new_password: str = Field(
        json_schema_extra={
            "format": "password",
            "minLength": PASSWORD_CHARACTERS_MIN,
            "maxLength": PASSWORD_CHARACTERS_MAX,
        },
        examples=["staple incorrectly"],
    )
    login: str = Field("", max_length=EMAIL_CHARACTERS_MAX, examples=["alice"])
    code: str = Field("", max_length=16, examples=[VALUES["code"]])
    link: str = Field("", max_length=LINK_CHARACTERS_MAX, examples=[VALUES["link"]])
    address: str | None = Field(None, max_length=ADDRESS_CHARACTERS_MAX, examples=["203.0.113.7"])


@router.post(
    "/password-resets",
    status_code=202,
    response_class=Response,
    summary="Send a code for a new password",
    responses={
        202: {"description": "If the login is an account's, a message is on its way."},
        **problem_replies(400, 401, 422, 429, 503),
    },
)
async def post_reset(request: Request, forgotten: Forgotten) -> Response:
    """The same reply at the same time, whether or not there is such an account.

    429 `too_many_mails` follows 6 wishes for a login in an hour, and 60 of an address.
    """
    resources = resources_of(request)
    await ask_reset(
        resources.group,
        resources.mail_limits,
        forgotten.login,
        forgotten.language,
        forgotten.address,
    )
    return Response(status_code=202)


@router.put(
    "/password-resets",
    status_code=204,
    summary="Set a new password by a code",
    responses={
        **no_content("Every session has ended, everywhere within 5 seconds."),
        **problem_replies(400, 401, 403, 422, 429, 503),
    },
)
async def put_reset(request: Request, reset: Reset) -> Response:
    """403 `wrong_code` for a wrong or ended one, and for a login that is nobody's.

    A code ends after 30 minutes, or 5 wrong tries. 429 `too_many_sign_ins` follows 10 wrong codes
    of a login in an hour.
    """
    resources = resources_of(request)
    form = ResetForm(
        new_password=reset.new_password,
        login=reset.login,
        code=reset.code,
        link=reset.link,
        address=reset.address,
    )
    await reset_password(
        resources.group, resources.passwords, resources.sessions, resources.codes, form
    )
    return Response(status_code=204)

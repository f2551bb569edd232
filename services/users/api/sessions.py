"""Signs in, checks and refreshes tokens, and signs devices out."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.check_sessions import check_sessions
from services.users.actions.refresh_session import refresh_session
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.actions.sign_out import sign_out
from services.users.domain.emails import EMAIL_CHARACTERS_MAX
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX
from services.users.domain.sessions import device_of
from services.users.domain.sign_in_limits import ADDRESS_CHARACTERS_MAX
from services.users.domain.texts import DEVICE_CHARACTERS_MAX
from services.users.resources import resources_of
from services.users.store.sessions import live_sessions
from shared.contracts.examples import REFRESH_TOKEN, SESSION_ID, VALUES
from shared.contracts.people import Devices, RefreshedSession, SessionAnswers, SignedIn
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Sessions"])

TOKENS_MAX = 100


class SignIn(BaseModel):
    """Name and password of an account; `device` names the session."""

    login: str = Field(
        description="A username or an e-mail address.",
        max_length=EMAIL_CHARACTERS_MAX,
        examples=["alice"],
    )
    password: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery"],
    )
    device: str = Field(
        "",
        json_schema_extra={"maxLength": DEVICE_CHARACTERS_MAX},
        examples=["Alice's phone"],
    )
    device_token: str = Field(
        "",
        description="That of the last sign-in on this device; another one is ignored.",
        examples=[VALUES["device_token"]],
    )
    address: str | None = Field(
        None,
        description="The client's address as the gateway knows it; limits the tries.",
        max_length=ADDRESS_CHARACTERS_MAX,
        examples=["203.0.113.7"],
    )


class AccessTokens(BaseModel):
    """The bearer tokens of clients, valid or not."""

    access_tokens: list[str] = Field(
        max_length=TOKENS_MAX, examples=[[VALUES["access_token"], "rta_1.1.x"]]
    )


class RefreshToken(BaseModel):
    """A client's refresh token, valid or not."""

    refresh_token: str = Field(examples=[REFRESH_TOKEN])


@router.post(
    "/sessions",
    status_code=201,
    summary="Sign in",
    responses={
        **reply(201, SignedIn, "A new session."),
        **problem_replies(400, 401, 403, 409, 422, 429, 503),
    },
)
async def post_session(
    request: Request, credentials: SignIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Open a session. 401 `wrong_credentials` comes equally late for unknown accounts.

    429 `too_many_sign_ins` follows 25 tries of an address in 5 minutes, and 60 failures in an hour.
    It also follows 10 failures of a name by one address and 100 by all, whether or not an account
    has it. None of this counts for a device with a token of the account.
    """
    resources = resources_of(request)
    form = SignInForm(
        credentials.login,
        credentials.password,
        credentials.device,
        credentials.address,
        credentials.device_token,
    )
    signed_in = await sign_in(
        resources.group,
        resources.passwords,
        resources.mail_limits,
        resources.tokens,
        form,
        idempotency_key,
    )
    return JsonReply(signed_in, 201)


@router.post(
    "/sessions/check",
    summary="Check access tokens",
    responses={
        **reply(200, SessionAnswers, "An answer for each, in order."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_session_check(request: Request, presented: AccessTokens) -> Response:
    """A read; it is a POST because tokens must not appear in an address.

    Bad tokens are no errors.
    """
    resources = resources_of(request)
    answers = await check_sessions(
        resources.group, resources.sessions, resources.tokens, presented.access_tokens
    )
    return JsonReply({"answers": answers})


@router.post(
    "/sessions/refresh",
    summary="Get the next pair of tokens",
    responses={
        **reply(200, RefreshedSession, "The new pair of tokens."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_session_refresh(request: Request, presented: RefreshToken) -> Response:
    """Within 30 s the same token gets the same successor; later it ends the session."""
    resources = resources_of(request)
    session = await refresh_session(
        resources.group, resources.sessions, resources.tokens, presented.refresh_token
    )
    return JsonReply({"session": session})


@router.get(
    "/sessions",
    summary="The viewer's signed-in devices",
    responses={
        **reply(200, Devices, "At most 50, the last refreshed first."),
        **problem_replies(401, 503),
    },
)
async def get_sessions(request: Request, viewer_id: ViewerId) -> Response:
    """The devices where the viewer is signed in."""
    sessions = await live_sessions(resources_of(request).group, viewer_id, datetime.now(UTC))
    return JsonReply({"items": [device_of(session) for session in sessions]})


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="Sign a device out",
    responses={
        **no_content("The session has ended, everywhere within 5 seconds."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def delete_session(
    request: Request,
    viewer_id: ViewerId,
    session_id: Annotated[int, Path(ge=1, lt=2**63, examples=[SESSION_ID])],
) -> Response:
    """End one of the viewer's sessions; 404 if it is not theirs."""
    resources = resources_of(request)
    await sign_out(resources.group, resources.sessions, viewer_id, session_id)
    return Response(status_code=204)

"""Sign-in, refresh, devices and sign-out."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.read_profile import posts_count
from services.gateway.actions.sign_out import sign_out
from services.gateway.api.caller_address import client_address
from services.gateway.api.client_body import ClientBody
from services.gateway.api.idempotency import key_or_new
from services.gateway.api.path_ids import SessionId
from services.gateway.api.problem_codes import (
    ACCOUNT_SUSPENDED,
    BAD_REQUEST,
    IDEMPOTENCY_KEY_REUSED,
    INVALID,
    NOT_FOUND,
    REQUEST_IN_PROGRESS,
    SESSION_ENDED,
    TOKEN_UNKNOWN,
    TOO_MANY_SIGN_INS,
    UNAUTHENTICATED,
    WRONG_CREDENTIALS,
    problems,
)
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import no_content, reply
from services.gateway.api.session import WITHOUT_SESSION, InSession
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.sessions import (
    Devices,
    RefreshedSession,
    SignedIn,
    public_devices,
    public_session,
    public_signed_in,
)
from shared.contracts.examples import VALUES
from shared.http_server.idempotency_key import IdempotencyKey

# Slightly more than the longest spelling of an IPv6 address.
_ADDRESS_CHARACTERS_MAX = 64

router = APIRouter(tags=["Accounts"])


class SignIn(ClientBody):
    """Name and password of an account."""

    login: Text = Field(description="Username or e-mail address.", examples=["alice"])
    password: Text = Field(
        json_schema_extra={"format": "password"}, examples=["correct horse battery"]
    )
    device: Text = Field(
        "", description="The device's name in the list of sessions.", examples=["Alice's phone"]
    )
    device_token: Text = Field(
        "",
        description="The one from the last sign-in or sign-up on this device. Guesses of strangers"
        " then do not keep you out.",
        examples=[VALUES["device_token"]],
    )


class Refresh(ClientBody):
    """The refresh token from the last sign-up, sign-in or refresh."""

    refresh_token: Text = Field(examples=["rtr_8dK2mPq0.1.cmVmcmVzaA"])


@router.post(
    "/v1/sessions",
    status_code=201,
    summary="Sign in",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **reply(201, SignedIn, "A new session."),
        **problems(
            BAD_REQUEST,
            WRONG_CREDENTIALS,
            ACCOUNT_SUSPENDED,
            REQUEST_IN_PROGRESS,
            INVALID,
            IDEMPOTENCY_KEY_REUSED,
            TOO_MANY_SIGN_INS,
        ),
    },
)
async def sign_in(
    request: Request, credentials: SignIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Open a session on this device; a failure does not tell whether the account exists."""
    resources = resources_of(request)
    known = {**credentials.model_dump(), "address": _address_of(request)}
    signed_in = await resources.users.sign_in(known, key_or_new(idempotency_key))
    user_id = signed_in["user"]["id"]
    count = await posts_count(resources.feed, user_id, user_id)
    return private_reply(public_signed_in(signed_in, count, resources.url_of()), 201)


@router.post(
    "/v1/sessions/refresh",
    summary="Refresh a session",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **reply(200, RefreshedSession, "The session with its next pair of tokens."),
        **problems(BAD_REQUEST, SESSION_ENDED, TOKEN_UNKNOWN, INVALID),
    },
)
async def refresh_session(request: Request, presented: Refresh) -> Response:
    """Get the next pair of tokens.

    Within 30 s the same token gets the same successor again, in case the reply was lost. Later it
    counts as stolen, and the whole session ends.
    """
    refreshed = await resources_of(request).users.refresh_session(presented.refresh_token)
    return private_reply({"session": public_session(refreshed["session"])})


@router.get(
    "/v1/sessions",
    summary="Signed-in devices",
    responses={
        **reply(200, Devices, "The devices, the last refreshed first."),
        **problems(UNAUTHENTICATED),
    },
)
async def get_sessions(request: Request, current: InSession) -> Response:
    """The devices where you are signed in."""
    found = await resources_of(request).users.devices(current.user_id)
    return private_reply(public_devices(found, current.id))


@router.delete(
    "/v1/sessions/current",
    status_code=204,
    response_class=Response,
    summary="Sign out",
    responses={
        **no_content("This session has ended, everywhere within 5 seconds."),
        **problems(UNAUTHENTICATED),
    },
)
async def sign_out_here(request: Request, current: InSession) -> Response:
    """End the session of this request."""
    resources = resources_of(request)
    await sign_out(resources.users, resources.sessions, current, current.id)
    return Response(status_code=204)


@router.delete(
    "/v1/sessions/{session_id:id}",
    status_code=204,
    response_class=Response,
    summary="Sign out a device",
    responses={
        **no_content("That session has ended, everywhere within 5 seconds."),
        **problems(UNAUTHENTICATED, NOT_FOUND),
    },
)
async def sign_out_device(request: Request, session_id: SessionId, current: InSession) -> Response:
    """End one of your sessions."""
    resources = resources_of(request)
    await sign_out(resources.users, resources.sessions, current, session_id)
    return Response(status_code=204)


def _address_of(request: Request) -> str:
    return client_address(request.scope, request.headers)[:_ADDRESS_CHARACTERS_MAX]

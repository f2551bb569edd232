"""The public authentication: the bearer token of a session, and nothing else, says who asks."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import Headers

from services.gateway.actions.charge_request import Charge
from services.gateway.api.opened import opened
from services.gateway.clients.session_checks import CurrentSession
from shared.errors import Unauthenticated
from shared.web.viewer import SCOPE_KEY

# For the few routes by which one gets a session.
WITHOUT_SESSION: dict[str, Any] = {"security": []}

# Where the gate leaves what the request is charged to; a key of our own in the ASGI scope.
CHARGE_KEY = "retrato.charge"

# Ours have less than 100 characters; longer ones are not worth a call.
_TOKEN_CHARACTERS_MAX = 512


def access_token(headers: Headers) -> str | None:
    """What may be a token, whoever it belongs to."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _TOKEN_CHARACTERS_MAX:
        return None
    return token


async def _current_session(request: Request) -> CurrentSession:
    token = access_token(request.headers)
    if token is None:
        raise Unauthenticated
    session = await opened(request).sessions.session_of(token)
    request.scope[SCOPE_KEY] = session.user_id  # The access line names the viewer.
    charge: Charge = request.scope[CHARGE_KEY]
    await charge.count_viewer(session.user_id)
    return session


async def _viewer_id(request: Request) -> int:
    return (await _current_session(request)).user_id


InSession = Annotated[CurrentSession, Depends(_current_session)]
ViewerId = Annotated[int, Depends(_viewer_id)]

"""The public authentication: the bearer token of a session, and nothing else, says who asks."""

from typing import Annotated, Any

from fastapi import Depends, Request

from services.gateway.api.opened import opened
from services.gateway.clients.session_checks import CurrentSession
from shared.errors import Unauthenticated
from shared.web.viewer import SCOPE_KEY

# For the few routes by which one gets a session.
WITHOUT_SESSION: dict[str, Any] = {"security": []}

# Ours have less than 100 characters; longer ones are not worth a call.
_TOKEN_CHARACTERS_MAX = 512


async def _current_session(request: Request) -> CurrentSession:
    session = await opened(request).sessions.session_of(_access_token(request))
    request.scope[SCOPE_KEY] = session.user_id  # The access line names the viewer.
    return session


async def _viewer_id(request: Request) -> int:
    return (await _current_session(request)).user_id


def _access_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _TOKEN_CHARACTERS_MAX:
        raise Unauthenticated
    return token


InSession = Annotated[CurrentSession, Depends(_current_session)]
ViewerId = Annotated[int, Depends(_viewer_id)]

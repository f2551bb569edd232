"""Public authentication: only the bearer token of a session identifies the caller."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import Headers

from services.gateway.actions.check_rate_limits import RateLimitCheck
from services.gateway.actions.identify_viewer import identify_viewer
from services.gateway.api.preconditions import check_write
from services.gateway.clients.session_checks import CurrentSession
from services.gateway.domain.route_classes import changes_people
from services.gateway.resources import resources_of
from shared.errors import Unauthenticated
from shared.http_server.viewer import SCOPE_KEY

# For the few routes that work without a session.
WITHOUT_SESSION: dict[str, Any] = {"security": []}

# The limit gate stores the request's rate limit check under this key of the ASGI scope.
RATE_LIMIT_CHECK_KEY = "retrato.rate_limit_check"

_READS = frozenset({"GET", "HEAD"})

# Valid tokens have under 100 characters; longer ones are refused without a call.
_TOKEN_CHARACTERS_MAX = 512


def access_token(headers: Headers) -> str | None:
    """A string of the form of a token, valid or not; None if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _TOKEN_CHARACTERS_MAX:
        return None
    return token


async def _current_session(request: Request) -> CurrentSession:
    token = access_token(request.headers)
    if token is None:
        raise Unauthenticated
    resources = resources_of(request)
    session = await identify_viewer(
        resources.sessions, resources.invalidations, token, is_read=request.method in _READS
    )
    request.scope[SCOPE_KEY] = session.user_id  # The access log names the viewer.
    check_write(request)
    check: RateLimitCheck = request.scope[RATE_LIMIT_CHECK_KEY]
    await check.count_viewer(session.user_id)
    if changes_people(request.method, request.scope["path"]):
        await resources.invalidations.note(session.user_id)
    return session


async def viewer_id_of(request: Request) -> int:
    """The session's user; counts the request, and notes a change of people.

    Raises Unauthenticated, Unavailable, PreconditionFailed and TooManyRequests.
    """
    return (await _current_session(request)).user_id


InSession = Annotated[CurrentSession, Depends(_current_session)]
ViewerId = Annotated[int, Depends(viewer_id_of)]

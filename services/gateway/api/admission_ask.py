"""What the limiter learns about a public request: its priority and its caller."""

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.api.caller_address import caller_network
from services.gateway.api.session import access_token
from services.gateway.domain.route_classes import STREAM, lasts, priority_of
from services.gateway.resources import Resources
from shared.http_server.admission import Ask


def ask_of(scope: Scope) -> Ask:
    """A known viewer is one caller on all devices; otherwise a network is one caller.

    Phones behind one address therefore each have their own share.
    """
    resources: Resources = scope["app"].state.resources
    headers = Headers(scope=scope)
    token = access_token(headers)
    viewer_id = None if token is None else resources.sessions.last_known_user(token)
    caller = caller_network(scope, headers) if viewer_id is None else str(viewer_id)
    method, path = scope["method"], scope["path"]
    is_stream = f"{method} {path}" == STREAM
    return Ask(priority_of(method, path), caller, lasts=lasts(method, path), stream=is_stream)

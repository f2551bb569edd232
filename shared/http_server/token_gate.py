"""Admits only calls with a valid internal token, and records the viewer that the token names."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http_server.operator_gate import DOCUMENT_PATHS
from shared.http_server.problems import ProblemReply
from shared.http_server.viewer import SCOPE_KEY
from shared.network.internal_tokens import InternalTokenRefused, TokenVerifier

# The operators' pages, for which `OperatorGate` has checked a token of theirs.
OPEN_PATHS = (*DOCUMENT_PATHS, "/favicon.ico")


class TokenGate:
    """ASGI middleware in front of all routes of a service.

    Paths under `open_prefixes` have their own check, such as renditions fetched by nginx.
    """

    def __init__(
        self, app: ASGIApp, *, verifier: TokenVerifier, open_prefixes: Collection[str] = ()
    ) -> None:
        self.app = app
        self._verifier = verifier
        self._open_prefixes = tuple(open_prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the token, unless the path is open; a bad token gets a 401 problem."""
        if scope["type"] == "http" and not self._is_open(scope["path"]):
            try:
                scope[SCOPE_KEY] = self._verifier.viewer_id(_bearer(scope))
            except InternalTokenRefused as refusal:
                await ProblemReply(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in OPEN_PATHS or path.startswith(("/docs/", *self._open_prefixes))


def _bearer(scope: Scope) -> str:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InternalTokenRefused
    return token

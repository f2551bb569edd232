"""Shows the metrics and documents of a process to operators and scrapers only."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import AppError
from shared.http_server.exposition import pieces_of_metrics
from shared.http_server.problems import ProblemReply

METRICS_PATH = "/metrics"
DOCUMENT_PATHS = ("/docs", "/openapi.json")


class OperatorTokenRefused(AppError):
    """The request had no valid operator token."""

    status = 401
    code = "operator_token_refused"
    title = "This page is for operators and scrapers only."

    def headers(self) -> Mapping[str, str]:
        """Name both schemes; a browser asks its user for a password."""
        return {"WWW-Authenticate": 'Bearer, Basic realm="operators"'}


class OperatorGate:
    """ASGI middleware outside of logs, metrics and the limiter, which answers /metrics itself.

    The token comes as a bearer token, or from browsers as the password of HTTP Basic. Without
    `tokens`, nobody gets past. With `public_documents`, only the metrics are closed.
    """

    def __init__(self, app: ASGIApp, *, tokens: Sequence[str], public_documents: bool) -> None:
        self.app = app
        self._tokens = [token.encode() for token in tokens]
        self._public_documents = public_documents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the metrics or 401, or pass the request on."""
        if scope["type"] != "http" or not self._is_closed(scope["path"]):
            await self.app(scope, receive, send)
        elif not self._is_operator(scope):
            await ProblemReply(OperatorTokenRefused())(scope, receive, send)
        elif scope["path"] == METRICS_PATH:
            text = b"".join([piece async for piece in pieces_of_metrics()])
            await Response(text, media_type=CONTENT_TYPE_LATEST)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_closed(self, path: str) -> bool:
        if path == METRICS_PATH:
            return True
        is_document = path in DOCUMENT_PATHS or path.startswith("/docs/")
        return is_document and not self._public_documents

    def _is_operator(self, scope: Scope) -> bool:
        shown = _shown_token(Headers(scope=scope).get("authorization", ""))
        return any(hmac.compare_digest(shown, token) for token in self._tokens)


def _shown_token(authorization: str) -> bytes:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""

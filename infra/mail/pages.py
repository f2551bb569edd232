"""What the server shows over HTTPS: whether it is ready, its metrics, and the kept messages.

It is a plain ASGI application: a web framework would take twice the memory of all the rest.
"""

import asyncio
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict
from email.message import EmailMessage
from typing import Any

from prometheus_client import REGISTRY
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from infra.mail.kept import KeptMessages
from shared.http_server.exposition import pieces_of_metrics
from shared.version import VERSION, VERSION_HEADER, version_text

LISTED_MAX = 200
_MESSAGES = "/messages"
_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"


class Pages:
    """The application; all but the probes asks for the token of operators."""

    def __init__(self, kept: KeptMessages, tokens: Sequence[str], revision: str) -> None:
        self._kept = kept
        self._tokens = [token.encode() for token in tokens]
        self._version = version_text(VERSION, revision).encode()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a request; nothing here takes a body."""
        if scope["type"] != "http":
            return
        status, kind, body = await self._answer(scope)
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (VERSION_HEADER.lower().encode(), self._version),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope) -> tuple[int, bytes, bytes]:
        path = scope["path"]
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, _TEXT, b"only GET"
        if path in {"/live", "/ready"}:
            return 200, _TEXT, b"ok"
        if not self._is_operator(scope):
            return 401, _TEXT, b"the token of operators is missing"
        if path == "/metrics":
            pieces = [piece async for piece in pieces_of_metrics(REGISTRY)]
            return 200, b"text/plain; version=0.0.4; charset=utf-8", b"".join(pieces)
        return await asyncio.to_thread(self._messages, path)

    def _messages(self, path: str) -> tuple[int, bytes, bytes]:
        if path == _MESSAGES:
            listed = [asdict(one) for one in self._kept.latest(LISTED_MAX)]
            return 200, _JSON, json.dumps({"messages": listed}).encode()
        message = self._kept.find(path.removeprefix(f"{_MESSAGES}/"))
        if message is None or not path.startswith(f"{_MESSAGES}/"):
            return 404, _TEXT, b"there is no such message"
        return 200, _JSON, json.dumps(_document(message)).encode()

    def _is_operator(self, scope: Scope) -> bool:
        scheme, _, shown = Headers(scope=scope).get("authorization", "").partition(" ")
        is_known = [hmac.compare_digest(shown.encode(), token) for token in self._tokens]
        return scheme.lower() == "bearer" and any(is_known)


def _document(message: EmailMessage) -> dict[str, Any]:
    """Return the headers in their order, and both bodies; "" for one that is missing."""
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    content = "" if part is None else part.get_content()
    return content if isinstance(content, str) else ""

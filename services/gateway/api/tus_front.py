"""What the protocols of uploads demand of every request and reply, whoever answers."""

import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain import tus
from services.gateway.domain.upload_dialects import MixedDialects, dialect_of, reply_headers
from services.gateway.domain.upload_draft import draft_of
from shared.errors import AppError
from shared.http_server.problems import ProblemReply

_PATHS = re.compile("/v1/uploads(/.*)?", re.DOTALL)


def _is_of_uploads(scope: Scope) -> bool:
    return scope["type"] == "http" and _PATHS.fullmatch(scope["path"]) is not None


def joined_headers(headers: Headers) -> Mapping[str, str]:
    """The headers by their names in lower case; one that comes twice is one with a comma."""
    return {name: ", ".join(headers.getlist(name)) for name in headers}


class TusFront:
    """ASGI middleware around all others, so that refusals of any of them speak tus as well.

    X-HTTP-Method-Override replaces the method before limits, priorities and routes look at it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its effective method, and name the protocol in the reply."""
        if not _is_of_uploads(scope):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        method = asked.get("x-http-method-override", scope["method"])
        # The server frames the reply by the method on the wire.
        has_no_body = method == "HEAD" != scope["method"]
        draft = draft_of(joined_headers(asked)) if "tus-resumable" not in asked else None

        async def send_as_tus(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                headers.update(reply_headers(draft, method, message["status"]))
                if has_no_body:
                    headers["Content-Length"] = "0"
                message["headers"] = headers.raw
            elif has_no_body and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await self.app({**scope, "method": method}, receive, send_as_tus)


class TusVersionGate:
    """ASGI middleware inside the limits: another version is refused before anything is done."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request that names another version, or two protocols; OPTIONS asks for them."""
        if _is_of_uploads(scope) and scope["method"] != "OPTIONS":
            refusal = _refusal_of(joined_headers(Headers(scope=scope)))
            if refusal is not None:
                await ProblemReply(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _refusal_of(headers: Mapping[str, str]) -> AppError | None:
    if headers.get("tus-resumable", tus.VERSION) != tus.VERSION:
        return tus.VersionNotSpoken()
    try:
        dialect_of(headers)
    except MixedDialects as error:
        return error
    return None

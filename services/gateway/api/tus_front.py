"""What tus demands of every request and reply of its routes, whoever answers."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain import tus
from shared.http_server.problems import ProblemReply

_PATHS = re.compile("/v1/uploads(/.*)?", re.DOTALL)


def _is_of_tus(scope: Scope) -> bool:
    return scope["type"] == "http" and _PATHS.fullmatch(scope["path"]) is not None


class TusFront:
    """ASGI middleware around all others, so that refusals of any of them speak tus as well.

    X-HTTP-Method-Override replaces the method before limits, priorities and routes look at it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its effective method, and name the protocol in the reply."""
        if not _is_of_tus(scope):
            await self.app(scope, receive, send)
            return
        method = Headers(scope=scope).get("x-http-method-override", scope["method"])
        # The server frames the reply by the method on the wire.
        has_no_body = method == "HEAD" != scope["method"]

        async def send_as_tus(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                headers.update(tus.reply_headers(method, message["status"]))
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
        """Refuse a request that names another version; OPTIONS asks which there are."""
        if _is_of_tus(scope) and scope["method"] != "OPTIONS":
            said = Headers(scope=scope).get("tus-resumable", tus.VERSION)
            if said != tus.VERSION:
                await ProblemReply(tus.VersionNotSpoken())(scope, receive, send)
                return
        await self.app(scope, receive, send)

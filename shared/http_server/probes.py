"""Answers /live and /ready outside of logs, metrics and the limiter; both name the version."""

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http_server.readiness import Readiness
from shared.version import VERSION_HEADER


class Probes:
    """The outermost ASGI middleware; while draining, it adds `Connection: close` to each reply."""

    def __init__(self, app: ASGIApp, *, readiness: Readiness, version: str) -> None:
        self.app = app
        self._readiness = readiness
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = self._reply(scope["path"])
        answer = send if self._readiness.state != "draining" else _closing(send)
        if reply is None:
            await self.app(scope, receive, answer)
        else:
            reply.headers[VERSION_HEADER] = self._version
            await reply(scope, receive, answer)

    def _reply(self, path: str) -> Response | None:
        if path == "/live":
            return PlainTextResponse("ok")
        if path == "/ready":
            return _ready_reply(self._readiness)
        return None


def _ready_reply(readiness: Readiness) -> Response:
    state, obstacle = readiness.state, readiness.obstacle
    if state == "starting" and obstacle:
        return PlainTextResponse(f"{state}: {obstacle}", 503)
    return PlainTextResponse(state, 200 if state == "ok" else 503)


def _closing(send: Send) -> Send:
    async def send_closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return send_closing

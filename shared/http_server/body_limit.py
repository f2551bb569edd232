"""Bounds request bodies; a body that is too large gets a 413 problem."""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import TooLarge
from shared.http_server.problems import ProblemReply

# The routes of these methods never read a body.
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class BodyLimit:
    """ASGI middleware; a route accepts larger bodies with `max_body_size=`.

    Starlette counts the bytes. Its own refusal is plain text, so this replaces it.
    """

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self.app = app
        self._limited = RequestBodyLimitMiddleware(app, bytes_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and replace a plain refusal by a problem."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self.app(scope, receive, send)
            return
        is_replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal is_replaced
            if _is_plain_refusal(message):
                is_replaced = True
                await ProblemReply(TooLarge())(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._limited(scope, receive, send_problem)


def _is_plain_refusal(message: Message) -> bool:
    return (
        message["type"] == "http.response.start"
        and message["status"] == TooLarge.status
        and (b"content-type", b"text/plain; charset=utf-8") in message["headers"]
    )

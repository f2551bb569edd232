"""Lets only signed-in operators past, and says in each reply what the page may load."""

import re
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.ops.sign_in import COOKIE, Sessions, comes_from_another_page
from shared.errors import Forbidden, Unauthenticated
from shared.http_server.problems import ProblemReply

_SIGN_IN = "/ops/sign-in"
# The form's own files, which say nothing of the suite.
_OPEN = ("/ops/files/sign-in.css", "/ops/files/sign-in.js")
# Everything is a file of ours; a plot sets styles by script, which this allows.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# The body of a message is shown in a frame of our own, with its own styles and nothing else.
_BODY = re.compile("/ops/mail/[0-9a-f-]+/body")
_OF_BODIES = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Without our own origin, a browser would not name it when the form is sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SessionGate:
    """ASGI middleware around the routes of the page."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self.app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, ask for the password, or refuse what another page sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                more = _OF_BODIES if _BODY.fullmatch(scope["path"]) else {}
                for name, value in (_HEADERS | more).items():
                    headers[name] = value
            await send(message)

        answer = self._answer_to(scope)
        await (self.app if answer is None else answer)(scope, receive, send_safely)

    def _answer_to(self, scope: Scope) -> Any:
        """Return the reply that ends the request here, or None if it may pass."""
        headers, path = Headers(scope=scope), scope["path"]
        if scope["method"] == "POST" and comes_from_another_page(headers):
            return ProblemReply(Forbidden("Another page sent this."))
        if path == _SIGN_IN or path in _OPEN or self._sessions.is_open(_token_in(headers)):
            return None
        if scope["method"] == "GET" and not path.startswith(("/ops/api/", "/ops/files/")):
            return RedirectResponse(_SIGN_IN, 303)
        return ProblemReply(Unauthenticated())


def _token_in(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""

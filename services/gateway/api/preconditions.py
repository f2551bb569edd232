"""If-Match and If-None-Match, RFC 9110 section 13."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PreconditionFailed
from shared.http_server.problems import ProblemReply

_READS = frozenset({"GET", "HEAD"})
# A strong tag that can be a version; a weak one matches nothing.
_VERSION = re.compile(r'(?<!W/)"([1-9][0-9]{0,8})"')
_ANY = "*"
_NOT_MODIFIED = 304

# Methods and path templates of things with versions; no tag matches anything else.
_VERSIONED = frozenset(
    {
        ("PATCH", "/v1/me"),
        *((method, "/v1/posts/{post_id:id}") for method in ("PATCH", "DELETE")),
        *((method, "/v1/photos/{photo_id:id}") for method in ("PATCH", "DELETE")),
    }
)


def versions_in(if_match: str | None) -> list[int] | None:
    """The versions that may be changed; None for any."""
    if if_match is None or if_match.strip() == _ANY:
        return None
    return [int(number) for number in _VERSION.findall(if_match)]


def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='Change only this version, `"<version>"` from the body; otherwise 412.',
            examples=['"3"'],
        ),
    ] = None,
) -> list[int] | None:
    return versions_in(if_match)


IfMatch = Annotated[list[int] | None, Depends(_if_match)]


def check_write(request: Request) -> None:
    """Raise PreconditionFailed if a write names a tag that no version can match."""
    if request.method in _READS:
        return
    template = getattr(request.scope.get("route"), "path", "")
    if_match = request.headers.get("if-match", _ANY).strip()
    if if_match != _ANY and (request.method, template) not in _VERSIONED:
        raise PreconditionFailed
    if request.headers.get("if-none-match", "").strip() == _ANY and request.method != "POST":
        raise PreconditionFailed


class ReadPreconditions:
    """ASGI middleware: tags of reads are weak, so If-Match, which is strong, never matches.

    A precondition counts only if the reply without it would be 200 or 304.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; replace a reply that its preconditions exclude by 412 or 304."""
        status = _status_instead(scope)
        if status is None:
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _replacing(status, scope, receive, send))


def _status_instead(scope: Scope) -> int | None:
    if scope["type"] != "http" or scope["method"] not in _READS:
        return None
    if not any(name in {b"if-match", b"if-none-match"} for name, _value in scope["headers"]):
        return None
    headers = Headers(scope=scope)
    if headers.get("if-match", _ANY).strip() != _ANY:
        return PreconditionFailed.status
    if headers.get("if-none-match", "").strip() == _ANY:
        return _NOT_MODIFIED
    return None


def _replacing(status: int, scope: Scope, receive: Receive, send: Send) -> Send:
    is_replaced = False

    async def send_instead(message: Message) -> None:
        nonlocal is_replaced
        if message["type"] == "http.response.start" and message["status"] in {200, _NOT_MODIFIED}:
            is_replaced = True
            instead = _reply(status)
            await instead(scope, receive, send)
        elif not is_replaced:
            await send(message)

    return send_instead


def _reply(status: int) -> Response:
    if status == _NOT_MODIFIED:
        return Response(status_code=status)
    return ProblemReply(PreconditionFailed())

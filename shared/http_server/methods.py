"""HEAD wherever GET is, OPTIONS everywhere, and pages of other origins that a setting names."""

from collections.abc import Iterable, Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What a page of another origin may send and read besides what browsers allow by themselves.
_SENT = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID,"
    " Repr-Digest, Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset,"
    " X-HTTP-Method-Override"
)
_READ = (
    b"ETag, Link, Location, Photo-Id, RateLimit, RateLimit-Policy, Retry-After, Tus-Resumable,"
    b" Upload-Expires, Upload-Length, Upload-Offset, X-RateLimit-Limit, X-RateLimit-Remaining,"
    b" X-RateLimit-Reset, X-Request-ID"
)
# A browser asks again after this; ten minutes is also what the strictest of them allows.
_PREFLIGHT_SECONDS = "600"
_OF_A_FOLDER = frozenset({"GET", "HEAD", "OPTIONS"})


def allowed_methods(routes: Iterable[BaseRoute], path: str) -> frozenset[str]:
    """All methods that an address takes, over all routes of it; empty if there is no such."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            found |= route.methods or set()
        elif isinstance(route, Mount) and route.path_regex.match(path):
            found |= _OF_A_FOLDER
    if not found:
        return frozenset()
    return frozenset(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


def allow_header(methods: Iterable[str]) -> str:
    """The value of `Allow`."""
    return ", ".join(sorted(methods))


class Methods:
    """ASGI middleware outside of whatever counts or checks a request.

    A HEAD is carried out as the GET that it stands for, so that each header is the same, and its
    body is left out. `origins` are those of other pages, such as `https://app.example`.
    """

    def __init__(
        self, app: ASGIApp, *, routes: Sequence[BaseRoute], origins: Iterable[str] = ()
    ) -> None:
        self.app = app
        self._routes = routes
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._origins:
            send = _named_origin(Headers(scope=scope).get("origin"), self._origins, send)
        if scope["method"] == "HEAD" and not self._has_route(scope, "HEAD"):
            await _as_get(self.app, scope, receive, send)
        elif scope["method"] == "OPTIONS" and not self._has_route(scope, "OPTIONS"):
            await self._options(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _has_route(self, scope: Scope, method: str) -> bool:
        return any(
            isinstance(route, Route)
            and method in (route.methods or ())
            and route.path_regex.match(scope["path"])
            for route in self._routes
        )

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = allowed_methods(self._routes, scope["path"])
        if not methods:
            await self.app(scope, receive, send)
            return
        headers = {"Allow": allow_header(methods)}
        asked = Headers(scope=scope)
        if asked.get("origin") in self._origins and "access-control-request-method" in asked:
            headers["Access-Control-Allow-Methods"] = allow_header(methods)
            headers["Access-Control-Allow-Headers"] = _SENT
            headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        await Response(status_code=204, headers=headers)(scope, receive, send)


async def _as_get(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    has_begun = False

    async def receive_until_begun() -> Message:
        # A reply that has no end, such as a stream, has nothing more to say after its headers.
        return {"type": "http.disconnect"} if has_begun else await receive()

    async def send_headers(message: Message) -> None:
        nonlocal has_begun
        if message["type"] == "http.response.start":
            await send(message)
        elif not has_begun:
            has_begun = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    await app({**scope, "method": "GET"}, receive_until_begun, send_headers)


def _named_origin(origin: str | None, origins: frozenset[str], send: Send) -> Send:
    """Each reply differs by origin, and says so; one that is named may read it."""
    added = [(b"vary", b"Origin")]
    if origin is not None and origin in origins:
        added.append((b"access-control-allow-origin", origin.encode()))
        added.append((b"access-control-expose-headers", _READ))

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return send_named

"""Adds HEAD to every GET route, OPTIONS to every address, and CORS for configured origins."""

from collections.abc import Iterable, Mapping, Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Headers that a page of another origin may send and read, besides those that CORS always allows.
_SENT = (
    "Authorization, Content-Digest, Content-Type, Idempotency-Key, If-Match, If-None-Match,"
    " Last-Event-ID, Repr-Digest, Tus-Resumable, Upload-Checksum, Upload-Complete,"
    " Upload-Draft-Interop-Version, Upload-Incomplete, Upload-Length, Upload-Metadata,"
    " Upload-Offset, X-HTTP-Method-Override"
)
_READ = (
    b"Accept-Patch, ETag, Link, Location, Photo-Id, RateLimit, RateLimit-Policy, Retry-After,"
    b" Tus-Resumable, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Version,"
    b" Upload-Complete, Upload-Expires, Upload-Incomplete, Upload-Length, Upload-Limit,"
    b" Upload-Metadata, Upload-Offset, X-RateLimit-Limit, X-RateLimit-Remaining,"
    b" X-RateLimit-Reset, X-Request-ID"
)
# How long a browser may cache a preflight; some browsers cap it at ten minutes anyway.
_PREFLIGHT_SECONDS = "600"
_OF_A_FOLDER = frozenset({"GET", "HEAD", "OPTIONS"})


def allowed_methods(routes: Iterable[BaseRoute], path: str) -> frozenset[str]:
    """Return all methods that a path accepts on any route; empty if no route matches."""
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
    """Return the value of the Allow header, sorted."""
    return ", ".join(sorted(methods))


class Methods:
    """ASGI middleware outside the limiter and the token check.

    It runs a HEAD as a GET and drops the body, so the headers are equal. `origins` are the
    allowed CORS origins, such as `https://app.example`.
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
        elif scope["method"] == "OPTIONS":
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
        if self._has_route(scope, "OPTIONS"):
            await self.app(scope, receive, _with_headers(headers, send))
        else:
            await Response(status_code=204, headers=headers)(scope, receive, send)


def _with_headers(headers: Mapping[str, str], send: Send) -> Send:
    added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return send_with


async def _as_get(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    has_begun = False

    async def receive_until_begun() -> Message:
        # After the headers an endless reply, such as a stream, must see a disconnect to end.
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
    """Add Vary: Origin to each reply, and the CORS headers if the origin is allowed."""
    added = [(b"vary", b"Origin")]
    if origin is not None and origin in origins:
        added.append((b"access-control-allow-origin", origin.encode()))
        added.append((b"access-control-expose-headers", _READ))

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return send_named

"""Takes a caller's word that it keeps traces, of which this process holds parts."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Invalid
from shared.http_server.problems import ProblemReply
from shared.tracing.trace_context import KEEP_PATH
from shared.tracing.tracer import TOLD_AT_ONCE_MAX, TRACER


class TraceKeeping:
    """ASGI middleware behind the token check; the path is no part of the service's document."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 204, or pass the request on."""
        if scope["type"] != "http" or scope["path"] != KEEP_PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            said = orjson.loads(await Request(scope, receive).body())
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, list) or len(said) > TOLD_AT_ONCE_MAX:
            await ProblemReply(Invalid())(scope, receive, send)
            return
        TRACER.keep([each for each in said if isinstance(each, str)])
        await Response(status_code=204)(scope, receive, send)

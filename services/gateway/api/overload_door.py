"""The outer door of the gateway: while it is slow, reads are refused before they cost much."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain.route_classes import is_quick_read, worth_of
from services.gateway.resources import Resources
from shared.errors import Overloaded
from shared.web import metrics
from shared.web.problems import ProblemReply
from shared.worth import worth


class OverloadDoor:
    """ASGI middleware; it also says what the request is worth, for the calls that it makes.

    Writes come in as they are: their calls are limited, and what somebody has done is worth more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        worth.set(worth_of(scope["method"], scope["path"]))
        if is_quick_read(scope["method"], scope["path"]):
            await self._let_in(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        resources: Resources = scope["app"].state.resources
        try:
            await resources.door.enter()
        except Overloaded as refusal:
            metrics.http_refused.inc()
            await ProblemReply(refusal)(scope, receive, send)
            return
        began_s = time.perf_counter()
        is_telling = False

        async def note_status(message: Message) -> None:
            nonlocal is_telling
            if message["type"] == "http.response.start":
                # What was refused further in was quick, and says the contrary of quick.
                is_telling = 200 <= message["status"] < 400
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            resources.door.leave(time.perf_counter() - began_s if is_telling else None)

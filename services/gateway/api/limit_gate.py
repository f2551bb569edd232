"""Refuses callers who exceed their rate limits, before any route runs."""

from prometheus_client import Counter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.actions.check_rate_limits import RateLimitCheck
from services.gateway.api.caller_address import caller_network
from services.gateway.api.session import RATE_LIMIT_CHECK_KEY, access_token
from services.gateway.domain.route_classes import class_of
from services.gateway.resources import Resources
from shared.errors import TooManyRequests
from shared.http_server.problems import ProblemReply

_REFUSED = Counter(
    "retrato_gateway_limited_total", "Requests refused by a rate limit.", ["route_class"]
)


class LimitGate:
    """ASGI middleware before every route of the gateway."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; every reply carries the limit headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        resources: Resources = scope["app"].state.resources
        route_class = class_of(scope["method"], scope["path"])
        check = RateLimitCheck(resources.limits, route_class, resources.limit_counters)
        scope[RATE_LIMIT_CHECK_KEY] = check

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *check.headers()]
            await send(message)

        headers = Headers(scope=scope)
        try:
            await check.begin(
                resources.sessions, access_token(headers), caller_network(scope, headers)
            )
        except TooManyRequests as refusal:
            _REFUSED.labels(route_class).inc()
            await ProblemReply(refusal)(scope, receive, send_with_limits)
            return
        await self.app(scope, receive, send_with_limits)

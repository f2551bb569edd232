"""Refuses changes during maintenance, and photos while the suite has no room for them."""

import math

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.domain.maintenance import (
    UnderMaintenance,
    brings_photos,
    is_refused_in_maintenance,
)
from shared.errors import AppError, QuotaExceeded
from shared.http_server.problems import ProblemReply
from shared.live_values import LiveFile, remaining_s

_UNKNOWN = "The service has just started, and takes no changes yet."
_UNKNOWN_RETRY_S = 5
_NO_ROOM = "The service takes no photos at the moment."


class MaintenanceGate:
    """ASGI middleware before the limits: what is refused here is not counted."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with the time after which it may be repeated."""
        if scope["type"] == "http":
            refusal = refusal_of(scope["app"].state.live, scope["method"], scope["path"])
            if refusal is not None:
                await ProblemReply(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def refusal_of(live: LiveFile, method: str, path: str) -> AppError | None:
    """Return why a request is refused now, if it is."""
    values = live.values
    if not live.is_known and is_refused_in_maintenance(method, path):
        # A balancer asks a gateway that has just started, although it is not ready.
        return UnderMaintenance(_UNKNOWN, retry_after_s=_UNKNOWN_RETRY_S)
    if (left_s := remaining_s(values.maintenance_until)) and is_refused_in_maintenance(
        method, path
    ):
        return UnderMaintenance(values.maintenance_message, retry_after_s=math.ceil(left_s))
    if (left_s := remaining_s(values.uploads_refused_until)) and brings_photos(method, path):
        return QuotaExceeded(_NO_ROOM, retry_after_s=math.ceil(left_s))
    return None

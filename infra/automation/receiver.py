"""The process that takes alerts: `python -m shared.launch infra.automation.receiver`.

It checks who asks and for what, and writes a request. It knows nothing of the suite, and has no
rights in it.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from prometheus_client import Counter
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.automation import inbox as requests
from infra.automation.actions import read_actions
from infra.automation.inbox import Inbox
from shared.errors import Overloaded, Unauthenticated
from shared.http_server.problems import ProblemReply
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, create_app
from shared.http_server.token_gate import OPEN_PATHS
from shared.logs import get_logger
from shared.settings import ProcessSettings, read_settings, revealed

log = get_logger()

INFO = AppInfo(
    name="automation",
    title="Automation",
    description="Takes alerts, and says what was done about them.",
    audience=None,
)
ALERTS_PATH = "/alerts"
ALERTS_MAX = 500
_LOOK_S = 1.0
ACTIONS = Counter(
    "retrato_automation_actions_total",
    "What automation did about alerts, since the start of this process.",
    ["alert", "verb", "outcome"],
)


class AutomationSettings(ProcessSettings):
    """Who may send alerts (`token`), where requests go, and where actions are read."""

    model_config = SettingsConfigDict(env_prefix="AUTOMATION_", frozen=True)

    token: SecretStr = Field(min_length=16)
    inbox: Path
    actions_file: Path


class Alert(BaseModel):
    """The part of an alert that counts here."""

    status: str
    labels: dict[str, str]


class Webhook(BaseModel):
    """What Alertmanager sends (version 4), without the fields that nobody needs."""

    alerts: list[Alert] = Field(max_length=ALERTS_MAX)


@dataclass(frozen=True, slots=True)
class Resources:
    """What the routes need."""

    inbox: Inbox
    actions_file: Path
    senders: Sequence[bytes]
    readers: Sequence[bytes]


router = APIRouter()


def resources_of(request: Request) -> Resources:
    """Return what was opened at the start."""
    resources: Resources = request.app.state.resources
    return resources


class AlertGate:
    """ASGI middleware that checks the token before anything of a body is read.

    Only Alertmanager asks for something; operators and their page read what was done.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 401 and log who asks."""
        if scope["type"] == "http" and not self._is_known(scope):
            client = (scope.get("client") or ("",))[0]
            log.warning("automation_refused", client=client, path=scope["path"])
            await ProblemReply(Unauthenticated())(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        if scope["path"] in OPEN_PATHS or scope["path"].startswith("/docs/"):
            return True
        resources: Resources = scope["app"].state.resources
        tokens = resources.senders if scope["path"] == ALERTS_PATH else resources.readers
        scheme, _, shown = Headers(scope=scope).get("authorization", "").partition(" ")
        # Each is compared, so that the time tells nothing.
        is_known = [hmac.compare_digest(shown.encode(), token) for token in tokens]
        return scheme.lower() == "bearer" and any(is_known)


@router.post(ALERTS_PATH, status_code=202)
async def take_alerts(
    webhook: Webhook, resources: Annotated[Resources, Depends(resources_of)]
) -> dict[str, int]:
    """Write a request for each alert that asks for a reaction; unknown ones are logged."""
    taken = 0
    for alert in webhook.alerts:
        try:
            request = requests.request_of(alert.labels, is_firing=alert.status == "firing")
        except ValueError as error:
            log.warning("automation_not_understood", error=str(error))
            continue
        if request is None:
            continue
        if not resources.inbox.put(request):
            raise Overloaded(retry_after_s=10)
        log.info("automation_asked", alert=request.alert, verb=request.verb, target=request.target)
        taken += 1
    return {"requests": taken}


@router.get("/actions")
async def get_actions(
    resources: Annotated[Resources, Depends(resources_of)],
) -> list[dict[str, Any]]:
    """Return the last 200 actions, newest first."""
    actions = await asyncio.to_thread(read_actions, resources.actions_file)
    return [action.as_json() for action in reversed(actions)]


def automation_app(settings: AutomationSettings) -> FastAPI:
    """Return the application."""
    return create_app(INFO, settings, partial(_open, settings), [router], AlertGate)


@asynccontextmanager
async def _open(settings: AutomationSettings) -> AsyncIterator[Resources]:
    token = settings.token.get_secret_value().encode()
    operators = [one.encode() for one in revealed(settings.operator_token_others)]
    if settings.operator_token is not None:
        operators.append(settings.operator_token.get_secret_value().encode())
    counting = asyncio.create_task(_count(settings.actions_file))
    try:
        yield Resources(
            inbox=Inbox(settings.inbox),
            actions_file=settings.actions_file,
            senders=[token],
            readers=[token, *operators],
        )
    finally:
        counting.cancel()
        await asyncio.wait([counting])


async def _count(file: Path) -> None:
    """Count what is done from now on; the process that does it has no metrics of this."""
    seen = max((action.number for action in await asyncio.to_thread(read_actions, file)), default=0)
    while True:
        await asyncio.sleep(_LOOK_S)
        for action in await asyncio.to_thread(read_actions, file):
            if action.number > seen:
                seen = action.number
                ACTIONS.labels(action.alert, action.verb, action.outcome).inc()


def main() -> None:
    """Serve until a signal ends the process."""
    settings = read_settings(AutomationSettings)
    serve(automation_app(settings), settings)


if __name__ == "__main__":
    main()

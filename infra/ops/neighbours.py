"""Reads the alerts of Alertmanager, and the actions of the automation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from infra.ops.asking import Asking

_T = TypeVar("_T")
_TIMEOUT_S = 3.0
_ALERTS_MAX = 200
_ACTIONS_MAX = 50
# The pages of operators stand in the tree; the page shows where.
_SEVERITIES = ("page", "ticket")
# The labels that name a process, a database or one of its members.
_NAMING = ("instance", "name", "process", "member", "database", "primary")


class NeighbourAway(Exception):
    """It cannot be asked; the message says why, for people."""


class NeighbourOff(NeighbourAway):
    """This suite has none, which is no fault."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fires; `page` is the path of the page that says what to do."""

    name: str
    severity: str
    component: str
    summary: str
    description: str
    page: str
    since: str
    silenced: bool
    # Names of what it is about: processes, databases, members.
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What the automation did, or would have done in a dry run."""

    at: float
    alert: str
    verb: str
    target: str
    outcome: str
    dry_run: bool
    why: str


class Neighbours:
    """The interfaces of Alertmanager and of the automation; an empty address is one that is off."""

    def __init__(
        self, asking: Asking, alertmanager_url: str, automation_url: str, operator_token: str
    ) -> None:
        self._asking = asking
        self._as_operator = {"Authorization": f"Bearer {operator_token}"}
        self._alertmanager_url = alertmanager_url.rstrip("/")
        self._automation_url = automation_url.rstrip("/")

    async def alerts(self) -> list[Alert]:
        """Return the alerts that people must see, the gravest first; raises NeighbourAway."""
        if not self._alertmanager_url:
            raise NeighbourOff("Alertmanager is not part of this suite (WATCH=0)")
        url = f"{self._alertmanager_url}/api/v2/alerts"
        alerts = await self._get("Alertmanager", url, {}, _alert)
        told = [one for one in alerts[:_ALERTS_MAX] if one.severity in _SEVERITIES]
        return sorted(told, key=lambda one: (_SEVERITIES.index(one.severity), one.since))

    async def actions(self) -> list[Action]:
        """Return the last actions, the newest first; raises NeighbourAway."""
        if not self._automation_url:
            raise NeighbourOff("The automation is not part of this suite")
        url = f"{self._automation_url}/actions"
        actions = await self._get("The automation", url, self._as_operator, _action)
        return sorted(actions, key=lambda one: one.at, reverse=True)[:_ACTIONS_MAX]

    async def _get(
        self,
        who: str,
        url: str,
        headers: Mapping[str, str],
        read: Callable[[dict[str, Any]], _T],
    ) -> list[_T]:
        try:
            reply = await self._asking.ask("GET", url, _TIMEOUT_S, headers=headers)
            document = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NeighbourAway(f"{who} does not answer") from error
        if reply.status_code != httpx.codes.OK or not isinstance(document, list):
            raise NeighbourAway(f"{who} answers {reply.status_code}")
        try:
            return [read(one) for one in document]
        except (AttributeError, TypeError, ValueError) as error:
            raise NeighbourAway(f"{who} answers in a form that is not known here") from error


def _alert(found: dict[str, Any]) -> Alert:
    labels, words = found.get("labels", {}), found.get("annotations", {})
    return Alert(
        name=str(labels.get("alertname", "")),
        severity=str(labels.get("severity", "")),
        component=str(labels.get("component", "")),
        summary=str(words.get("summary", "")),
        description=str(words.get("description", "")),
        page=str(words.get("page", "")),
        since=str(found.get("startsAt", "")),
        silenced=found.get("status", {}).get("state") == "suppressed",
        about=tuple(str(labels[name]) for name in _NAMING if name in labels),
    )


def _action(found: dict[str, Any]) -> Action:
    return Action(
        at=float(found.get("at", 0.0)),
        dry_run=bool(found.get("dry_run", False)),
        **{
            name: str(found.get(name, "")) for name in ("alert", "verb", "target", "outcome", "why")
        },
    )

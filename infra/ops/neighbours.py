"""Reads the alerts of Prometheus, and the actions of the automation."""

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
    """The interfaces of Prometheus and of the automation; an empty address is one that is off.

    Alertmanager is not asked: whoever may read there may also silence alerts, or make some up.
    """

    def __init__(
        self, asking: Asking, prometheus_url: str, automation_url: str, operator_token: str
    ) -> None:
        self._asking = asking
        self._as_operator = {"Authorization": f"Bearer {operator_token}"}
        self._prometheus_url = prometheus_url.rstrip("/")
        self._automation_url = automation_url.rstrip("/")

    async def alerts(self) -> list[Alert]:
        """Return the alerts that people must see, the gravest first; raises NeighbourAway."""
        if not self._prometheus_url:
            raise NeighbourOff("Prometheus is not part of this suite (WATCH=0)")
        url = f"{self._prometheus_url}/api/v1/alerts"
        document = await self._get("Prometheus", url, {})
        alerts = _read("Prometheus", _alert, lambda: document["data"]["alerts"])
        told = [one for one in alerts if one is not None and one.severity in _SEVERITIES]
        told = told[:_ALERTS_MAX]
        return sorted(told, key=lambda one: (_SEVERITIES.index(one.severity), one.since))

    async def actions(self) -> list[Action]:
        """Return the last actions, the newest first; raises NeighbourAway."""
        if not self._automation_url:
            raise NeighbourOff("The automation is not part of this suite")
        url = f"{self._automation_url}/actions"
        document = await self._get("The automation", url, self._as_operator)
        actions = _read("The automation", _action, lambda: document)
        return sorted(actions, key=lambda one: one.at, reverse=True)[:_ACTIONS_MAX]

    async def _get(self, who: str, url: str, headers: Mapping[str, str]) -> Any:
        try:
            reply = await self._asking.ask("GET", url, _TIMEOUT_S, headers=headers)
            document = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NeighbourAway(f"{who} does not answer") from error
        if reply.status_code != httpx.codes.OK:
            raise NeighbourAway(f"{who} answers {reply.status_code}")
        return document


def _read(who: str, read: Callable[[Any], _T], listed: Callable[[], list[Any]]) -> list[_T]:
    try:
        return [read(one) for one in listed()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NeighbourAway(f"{who} answers in a form that is not known here") from error


def _alert(found: dict[str, Any]) -> Alert | None:
    """Return an alert that fires; None for one whose time has not come."""
    if found["state"] != "firing":
        return None
    labels, words = found.get("labels", {}), found.get("annotations", {})
    return Alert(
        name=str(labels.get("alertname", "")),
        severity=str(labels.get("severity", "")),
        component=str(labels.get("component", "")),
        summary=str(words.get("summary", "")),
        description=str(words.get("description", "")),
        page=str(words.get("page", "")),
        since=str(found.get("activeAt", "")),
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

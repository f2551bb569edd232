"""Alerts and actions are read as Prometheus and the automation say them."""

from typing import Any

import httpx
import pytest

from infra.ops.neighbours import NeighbourAway, NeighbourOff, Neighbours

_ALERTS = {
    "status": "success",
    "data": {
        "alerts": [
            {
                "labels": {
                    "alertname": name,
                    "severity": severity,
                    "component": "disk",
                    "member": "feed-a",
                },
                "annotations": {"summary": f"{name}.", "page": "docs/operations/full-disk.md"},
                "activeAt": at,
                "state": state,
            }
            for name, severity, at, state in (
                ("Later", "ticket", "2026-11-30T12:00:00Z", "firing"),
                ("Heartbeat", "none", "2026-11-30T10:00:00Z", "firing"),
                ("Now", "page", "2026-11-30T13:00:00Z", "firing"),
                ("Perhaps", "page", "2026-11-30T14:00:00Z", "pending"),
            )
        ]
    },
}
_ACTIONS = [
    {
        "at": at,
        "alert": "Busy",
        "verb": "add_replica",
        "target": "feed",
        "outcome": "done",
        "why": "",
    }
    for at in (10.0, 9.0, 100.0)
]


class _Asking:
    """Answers like a neighbour; Prometheus' processes are others' programs."""

    def __init__(self, status: int, document: Any) -> None:
        self._reply = httpx.Response(status, json=document)
        self.shown = ""

    async def ask(self, _method: str, _url: str, _timeout_s: float, **words: Any) -> httpx.Response:
        self.shown = words["headers"].get("Authorization", "")
        return self._reply


def _neighbours(
    asking: _Asking, prometheus: str = "https://a", automation: str = "https://b"
) -> Neighbours:
    return Neighbours(asking, prometheus, automation, "token")  # type: ignore[arg-type]


async def test_the_gravest_alert_comes_first_and_what_is_not_due_is_none() -> None:
    asking = _Asking(200, _ALERTS)
    alerts = await _neighbours(asking).alerts()
    assert [alert.name for alert in alerts] == ["Now", "Later"]
    assert alerts[0].about == ("feed-a",)
    assert asking.shown == "", "Prometheus must not see the operators' token"


async def test_the_newest_action_comes_first() -> None:
    asking = _Asking(200, _ACTIONS)
    actions = await _neighbours(asking).actions()
    assert [action.at for action in actions] == [100.0, 10.0, 9.0]
    assert asking.shown == "Bearer token"


@pytest.mark.parametrize(
    ("status", "document"),
    [(503, []), (200, {"error": "x"}), (200, ["x"]), (200, {"data": {"alerts": [{}]}}), (200, 7)],
)
async def test_an_answer_that_is_none_is_told(status: int, document: Any) -> None:
    with pytest.raises(NeighbourAway, match="Prometheus answers"):
        await _neighbours(_Asking(status, document)).alerts()


async def test_a_neighbour_that_the_suite_has_not_is_off() -> None:
    neighbours = _neighbours(_Asking(200, []), prometheus="", automation="")
    with pytest.raises(NeighbourOff):
        await neighbours.alerts()
    with pytest.raises(NeighbourOff):
        await neighbours.actions()

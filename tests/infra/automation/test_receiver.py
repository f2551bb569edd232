"""Only who has the token is heard, and what was done can be read."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from infra.automation.actions import KEPT_MAX, Action, read_actions, text_of, with_action
from infra.automation.inbox import Inbox
from infra.automation.receiver import AutomationSettings, automation_app

TOKEN, OPERATOR = "the token of alerts", "the token of operators"
ALERT = {
    "status": "firing",
    "labels": {"alertname": "FeedBusy", "reaction": "add_replica", "job": "feed"},
    "annotations": {"summary": "busy"},
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    (tmp_path / "inbox").mkdir()
    settings = AutomationSettings.model_validate(
        {
            "instance": "automation",
            "listen_port": 8000,
            "tls_cert_file": Path("unused"),
            "tls_key_file": Path("unused"),
            "operator_token": OPERATOR,
            "token": TOKEN,
            "inbox": tmp_path / "inbox",
            "actions_file": tmp_path / "actions.json",
        }
    )
    app = automation_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://automation") as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_an_alert_becomes_a_request(client: httpx.AsyncClient, tmp_path: Path) -> None:
    reply = await client.post("/alerts", json={"alerts": [ALERT]}, headers=bearer(TOKEN))
    assert (reply.status_code, reply.json()) == (202, {"requests": 1})
    (request,) = Inbox(tmp_path / "inbox").waiting()
    assert (request.alert, request.verb, request.target) == ("FeedBusy", "add_replica", "feed")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("guess"),
        bearer(TOKEN + "x"),
        bearer(TOKEN[:-1]),
        # Operators read what was done, and ask for nothing.
        bearer(OPERATOR),
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
    ],
)
async def test_a_forged_webhook_is_refused(
    client: httpx.AsyncClient,
    tmp_path: Path,
    headers: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = await client.post("/alerts", json={"alerts": [ALERT]}, headers=headers)
    assert reply.status_code == 401
    assert Inbox(tmp_path / "inbox").waiting() == []
    assert "automation_refused" in capsys.readouterr().out


async def test_one_unknown_reaction_leaves_the_others(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    unknown = {"status": "firing", "labels": {"alertname": "A", "reaction": "reboot"}}
    for_people = {"status": "firing", "labels": {"alertname": "A"}}
    alerts = {"alerts": [unknown, for_people, ALERT]}
    reply = await client.post("/alerts", json=alerts, headers=bearer(TOKEN))
    assert reply.json() == {"requests": 1}
    assert len(Inbox(tmp_path / "inbox").waiting()) == 1


@pytest.mark.parametrize("body", [{}, {"alerts": [{"status": 1}]}, [], {"alerts": [ALERT] * 501}])
async def test_what_is_no_webhook_is_refused(client: httpx.AsyncClient, body: object) -> None:
    reply = await client.post("/alerts", json=body, headers=bearer(TOKEN))
    assert reply.status_code == 422


async def test_the_latest_actions_are_read_newest_first(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    assert (await client.get("/actions", headers=bearer(OPERATOR))).json() == []
    actions = list[Action]()
    for number in range(KEPT_MAX + 5):
        action = Action(time.time(), "A", "add_replica", "feed", "done", "busy", 1.5, number + 1)
        actions = with_action(actions, action)
    (tmp_path / "actions.json").write_text(text_of(actions), encoding="utf-8")
    assert read_actions(tmp_path / "actions.json") == actions
    shown = (await client.get("/actions", headers=bearer(TOKEN))).json()
    assert [one["number"] for one in shown] == list(range(KEPT_MAX + 5, 5, -1))
    assert shown[0]["dry_run"] is False
    assert {"at", "alert", "verb", "target", "outcome", "why"} <= shown[0].keys()


async def test_strangers_read_no_actions(client: httpx.AsyncClient) -> None:
    assert (await client.get("/actions", headers=bearer("guess"))).status_code == 401


@pytest.mark.parametrize("token", [None, "guess", OPERATOR])
@pytest.mark.parametrize("path", ["/alerts", "/actions", "/alerts/", "/elsewhere"])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
async def test_nothing_of_a_strangers_body_is_read(
    app: FastAPI, method: str, path: str, token: str | None
) -> None:
    sent = list[Message]()

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"900000")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    asked = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    rest = {"query_string": b"", "headers": headers, "scheme": "https", "http_version": "1.1"}
    await app({**asked, **rest, "asgi": {"version": "3.0"}}, receive, send)
    # Operators may ask, but for nothing with a body.
    if token != OPERATOR or path == "/alerts":
        assert sent[0]["status"] == 401
    else:
        assert sent

"""Only operators and scrapers read metrics and documents."""

import base64

import httpx
import pytest
from pydantic import ValidationError

from shared.http_server.service_app import AppInfo
from tests.shared.conftest import calling
from tests.shared.replica_app import ReplicaSettings, replica_app
from tests.shared.replica_process import AS_OPERATOR, FOR_OPERATORS, KEYS

CLOSED = ("/metrics", "/docs", "/docs/", "/docs/openapi.json", "/openapi.json")
ASSET = "/docs/assets/swagger-ui.css"


def _basic(password: str, name: str = "operator") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("path", [*CLOSED, ASSET])
async def test_an_operator_reads_every_page(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path, headers=AS_OPERATOR)).status_code == 200
    by_browser = {"Authorization": _basic(FOR_OPERATORS)}
    assert (await http.get(path, headers=by_browser)).status_code == 200


@pytest.mark.parametrize("path", [*CLOSED, ASSET])
@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Bearer {FOR_OPERATORS[:-1]}",
        f"Bearer {KEYS['users']}",
        FOR_OPERATORS,
        "Basic ***",
        "Basic " + base64.b64encode(FOR_OPERATORS.encode()).decode(),
        _basic("x"),
        _basic("", name=FOR_OPERATORS),
    ],
)
async def test_nobody_else_reads_any(http: httpx.AsyncClient, path: str, shown: str | None) -> None:
    reply = await http.get(path, headers={} if shown is None else {"Authorization": shown})
    assert (reply.status_code, reply.json()["code"]) == (401, "operator_token_refused")
    assert reply.headers["WWW-Authenticate"] == 'Bearer, Basic realm="operators"'
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [*CLOSED, ASSET])
async def test_without_a_token_in_the_settings_nobody_reads_any(
    settings: ReplicaSettings, path: str
) -> None:
    app = replica_app(settings.model_copy(update={"operator_token": None}))
    async with calling(app) as http:
        for shown in ({}, AS_OPERATOR, {"Authorization": "Bearer "}):
            assert (await http.get(path, headers=shown)).status_code == 401
        assert (await http.get("/ready")).status_code == 200


async def test_public_documents_need_no_token_and_metrics_do(settings: ReplicaSettings) -> None:
    info = AppInfo(name="gateway", title="", description="", audience=None, public_documents=True)
    async with calling(replica_app(settings, info)) as http:
        assert (await http.get("/docs")).status_code == 200
        assert (await http.get("/openapi.json")).status_code == 200
        assert (await http.get("/metrics")).status_code == 401


def test_a_short_token_is_refused(settings: ReplicaSettings) -> None:
    with pytest.raises(ValidationError):
        ReplicaSettings(**{**settings.model_dump(), "operator_token": "short"})

"""The operators' page asks for the password first, and stays up without anything to read from."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trustme
from pydantic import SecretStr, ValidationError

from infra.ops import app
from infra.ops.app import create_ops_app
from infra.ops.settings import OpsSettings
from infra.ops.sign_in import COOKIE, PASSWORD_CHARACTERS_MIN

PASSWORD = "the password of operators, a long one"
BASE = "https://ops.example"
OURS = {"Origin": BASE}


@pytest.fixture
def settings(tmp_path: Path) -> OpsSettings:
    authority = trustme.CA()
    pair = authority.issue_cert("ops.internal")
    files = {name: tmp_path / name for name in ("ca.crt", "ops.crt", "ops.key")}
    authority.cert_pem.write_to_path(files["ca.crt"])
    pair.cert_chain_pems[0].write_to_path(files["ops.crt"])
    pair.private_key_pem.write_to_path(files["ops.key"])
    return OpsSettings(
        listen_port=8000,
        tls_ca_file=files["ca.crt"],
        tls_cert_file=files["ops.crt"],
        tls_key_file=files["ops.key"],
        password=SecretStr(PASSWORD),
        state_file=tmp_path / "state.json",
        # Nothing listens there.
        prometheus_url="https://127.0.0.1:9",
    )


@pytest.fixture
async def browser(settings: OpsSettings) -> AsyncIterator[httpx.AsyncClient]:
    made = create_ops_app(settings)
    async with made.router.lifespan_context(made):
        transport = httpx.ASGITransport(made)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield client


async def _sign_in(
    browser: httpx.AsyncClient, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    return await browser.post(
        "/ops/sign-in", data={"password": password}, headers={**OURS, **headers}
    )


@pytest.mark.parametrize("path", ["/ops", "/ops/"])
async def test_a_stranger_is_sent_to_the_form(browser: httpx.AsyncClient, path: str) -> None:
    reply = await browser.get(path)
    assert (reply.status_code, reply.headers["location"]) == (303, "/ops/sign-in")
    form = await browser.get("/ops/sign-in")
    assert form.status_code == 200
    assert 'type="password"' in form.text


@pytest.mark.parametrize(
    "path",
    [
        "/ops/api/now",
        "/ops/api/dashboards",
        "/ops/api/dashboards/overview",
        "/ops/api/forecast",
        "/ops/files/ops.js",
        "/ops/files/vendor/uPlot-1.6.32/uPlot.iife.min.js",
    ],
)
async def test_a_stranger_reads_nothing(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 401
    await _sign_in(browser)
    assert (await browser.get(path)).status_code == 200


async def test_the_cookie_is_for_this_page_only(browser: httpx.AsyncClient) -> None:
    reply = await _sign_in(browser, **{"X-Forwarded-Proto": "https"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/ops/")
    parts = {part.strip().lower() for part in reply.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "secure", "path=/ops"} <= parts


@pytest.mark.parametrize(
    "claimed", ["192.0.2.1", "unknown", "192.0.2.{number}", "2001:db8::{number}"]
)
async def test_wrong_passwords_never_stop_an_operator(
    browser: httpx.AsyncClient, claimed: str
) -> None:
    for number in range(30):
        caller = {"X-Forwarded-For": claimed.format(number=number)}
        reply = await _sign_in(browser, "wrong", **caller)
        assert reply.headers["location"] == "/ops/sign-in#wrong"
        assert COOKIE not in reply.cookies
    opened = await _sign_in(browser, **{"X-Forwarded-For": claimed.format(number=0)})
    assert opened.headers["location"] == "/ops/"


def test_a_password_that_can_be_guessed_is_refused(settings: OpsSettings) -> None:
    with pytest.raises(ValidationError, match="password"):
        OpsSettings(**{**settings.model_dump(), "password": "x" * (PASSWORD_CHARACTERS_MIN - 1)})


@pytest.mark.parametrize("path", ["/ops/sign-in", "/ops/sign-out"])
async def test_another_page_cannot_send_a_form(browser: httpx.AsyncClient, path: str) -> None:
    await _sign_in(browser)
    reply = await browser.post(
        path, data={"password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert reply.status_code == 403
    assert (await browser.get("/ops/api/dashboards")).status_code == 200


async def test_signing_out_ends_the_session_itself(browser: httpx.AsyncClient) -> None:
    await _sign_in(browser)
    token = browser.cookies[COOKIE]
    await browser.post("/ops/sign-out", headers=OURS)
    browser.cookies.set(COOKIE, token, domain="ops.example", path="/ops")
    assert (await browser.get("/ops/api/now")).status_code == 401


async def test_every_reply_says_what_the_page_may_load(browser: httpx.AsyncClient) -> None:
    await _sign_in(browser)
    for path in ("/ops/", "/ops/sign-in", "/ops/api/now", "/ops/files/ops.js", "/ops/nothing"):
        policy = (await browser.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy, "another network"


async def test_it_says_what_it_cannot_read_and_stays_up(browser: httpx.AsyncClient) -> None:
    await _sign_in(browser)
    now = (await browser.get("/ops/api/now")).json()
    said = {reason["what"] for reason in now["verdict"]["reasons"]}
    assert said == {
        "What runs is not known: the caretaker has not written it yet.",
        "Prometheus does not answer.",
    }
    board = (await browser.get("/ops/api/dashboards/overview?minutes=60")).json()
    assert {panel["trouble"] for panel in board["panels"]} == {"Prometheus does not answer"}
    assert (await browser.get("/ops/api/forecast")).json()["trouble"]


@pytest.mark.parametrize("query", ["overview?minutes=61", "nothing?minutes=60"])
async def test_only_the_ranges_and_dashboards_that_exist(
    browser: httpx.AsyncClient, query: str
) -> None:
    await _sign_in(browser)
    assert (await browser.get(f"/ops/api/dashboards/{query}")).status_code == 404


async def test_every_page_that_a_reason_names_is_shown(browser: httpx.AsyncClient) -> None:
    source = Path(app.__file__).parent
    named = {
        name
        for file in source.glob("*.py")
        for name in re.findall(r"docs/operations/([\w-]+\.md)", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 4
    for name in named:
        assert (await browser.get(f"/ops/pages/{name}")).status_code == 303
    await _sign_in(browser)
    for name in named:
        assert (await browser.get(f"/ops/pages/{name}")).status_code == 200, name
    page = await browser.get("/ops/pages/dead-process.md")
    assert '<h2 id="what-it-means-to-users">' in page.text
    assert "<table>" in page.text
    assert (await browser.get("/ops/pages/..%2Fapi%2Ferrors.md")).status_code == 404

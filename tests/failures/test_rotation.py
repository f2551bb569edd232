"""Each secret is replaced under requests of all kinds: none fails, and the old value is dead."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import asyncpg
import httpx
import jwt
import pytest
import redis.asyncio
import redis.exceptions

from infra.json_files import read_json
from infra.leaders import leader
from infra.plan.database_roles import login_roles
from infra.plan.secret_names import owner_password, runtime_password
from infra.secret_values import UNTIL, change_secrets, login_entry
from shared.network.internal_tokens import TokenSigner
from tests.eventually import eventually
from tests.failures.mixed_load import Outcome, Person, mixed_load, people_of
from tests.suite import Suite

pytestmark = pytest.mark.long

LOG = logging.getLogger(__name__)
REQUESTS_PER_SECOND = 50
PEOPLE = 16
OF_ROTATION_S = 900


@pytest.fixture
async def people(suite: Suite) -> AsyncIterator[list[Person]]:
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
    async with (
        httpx.AsyncClient(base_url=suite.public_url, timeout=15, limits=limits) as http,
        people_of(http, PEOPLE) as people,
    ):
        yield people


def _secrets(suite: Suite) -> dict[str, str]:
    return dict(read_json(suite.on_disk.folder.secrets_file))


async def _rotate(suite: Suite, *words: str) -> float:
    began_s = time.monotonic()
    process = suite.begin("rotate", *words)
    try:
        code = await asyncio.to_thread(process.wait, OF_ROTATION_S)
    finally:
        process.kill()
    assert code == 0
    return time.monotonic() - began_s


async def _end_at_once(suite: Suite, name: str) -> None:
    """Let the life of former values be over, instead of waiting for its end."""

    def ended(values: dict[str, str]) -> None:
        values[name + UNTIL] = "0"

    change_secrets(suite.on_disk.folder.secrets_file, ended)


def _require_well(outcome: Outcome, what: str, took_s: float) -> None:
    rate = outcome.total / took_s
    LOG.info("%s: %.0f s, %d requests, %.1f/s", what, took_s, outcome.total, rate)
    LOG.info("%s; resent %d", outcome.answered, outcome.resent)
    assert outcome.failures == []
    assert outcome.total > 0


def _require_switched(suite: Suite) -> None:
    assert "media_signing_key" + UNTIL in _secrets(suite)


async def _redis_refuses(suite: Suite, former: dict[str, str]) -> None:
    for name, server in suite.plan.redises.items():
        client = redis.asyncio.Redis(
            host=server.address,
            port=server.port,
            username=name,
            password=former[f"redis_{name}"],
            ssl=True,
            ssl_ca_certs=str(suite.ca_file),
        )
        async with client:
            with pytest.raises(redis.exceptions.AuthenticationError):
                await client.ping()


async def _services_refuse(suite: Suite, former: dict[str, str]) -> None:
    for service in suite.plan.services.values():
        if service.name == "gateway":
            continue
        key = former[f"internal_key_{service.name}"]
        token = TokenSigner(key=key, audience=service.name, caller="gateway-1").token(None)
        present = suite.internal_key(service.name)
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, present, ["HS256"], audience=service.name)
        status = await _status(suite, service.name, "/people/1", f"Bearer {token}")
        assert status == 401, service.name


async def _upload_refuses(suite: Suite, former: dict[str, str]) -> None:
    path = "/renditions/1/large-0123456789abcdef.jpg"
    assert await _status(suite, "upload", path, f"Media {former['media_token']}") == 401
    assert await _status(suite, "upload", path, f"Media {_secrets(suite)['media_token']}") == 404


async def _store_refuses(suite: Suite, former: dict[str, str]) -> None:
    environment = suite.on_disk.folder.environment("store").read_text(encoding="utf-8")
    assert former["s3_secret_key"] not in environment
    assert _secrets(suite)["s3_secret_key"] in environment


async def _gateways_forget(suite: Suite, former: dict[str, str]) -> None:
    assert former["balancer_token"] not in str(suite.env("gateway"))


async def _status(suite: Suite, service: str, path: str, authorization: str) -> int:
    process = suite.process(f"{service}-1")
    url = f"https://{process.address}:{process.port}{path}"
    async with httpx.AsyncClient(verify=False) as client:
        return (await client.get(url, headers={"Authorization": authorization})).status_code


async def _databases_refuse(suite: Suite, former: dict[str, str]) -> None:
    trusting = ssl.create_default_context(cafile=str(suite.ca_file))
    for group in suite.plan.groups:
        login = former.get(login_entry(group), login_roles(group)[0])
        logins = {
            login: former[runtime_password(group)],
            group: former[owner_password(group)],
            "postgres": former["postgres_superuser"],
        }
        for node in suite.plan.groups[group].databases:
            server = leader(node)
            for user, password in logins.items():
                with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
                    await asyncpg.connect(
                        host=server.address,
                        port=server.port,
                        user=user,
                        password=password,
                        database=group,
                        ssl=trusting,
                    )


async def _metrics_refuse(suite: Suite, former: dict[str, str]) -> None:
    token = {"Authorization": f"Bearer {former['operator_token']}"}
    for process in suite.processes():
        if process.kind == "service":
            assert (await suite.ask(process.name, "/metrics", token)).status_code == 401
            await suite.metrics(process.name)


Refusal = Callable[[Suite, dict[str, str]], Awaitable[None]]
_CASES: list[tuple[str, Refusal]] = [
    ("balancer", _gateways_forget),
    ("internal", _services_refuse),
    ("redis", _redis_refuses),
    ("s3", _store_refuses),
    ("media_token", _upload_refuses),
    ("operator", _metrics_refuse),
    ("databases", _databases_refuse),
]


async def test_a_new_authority_fails_no_request(suite: Suite, people: list[Person]) -> None:
    former = ssl.create_default_context(cadata=suite.ca_file.read_text(encoding="ascii"))
    async with mixed_load(people, REQUESTS_PER_SECOND) as outcome:
        took_s = await _rotate(suite, "ca")
    _require_well(outcome, "ca", took_s)
    for process in suite.processes():
        if process.kind == "service":
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                async with httpx.AsyncClient(verify=former) as client:
                    await client.get(f"https://{process.address}:{process.port}/live")
            assert (await suite.ask(process.name, "/live")).status_code == 200


@pytest.mark.parametrize(("word", "refuses"), _CASES, ids=[word for word, _ in _CASES])
async def test_a_rotation_fails_no_request(
    suite: Suite, people: list[Person], word: str, refuses: Refusal
) -> None:
    former = _secrets(suite)
    async with mixed_load(people, REQUESTS_PER_SECOND) as outcome:
        took_s = await _rotate(suite, word)
    _require_well(outcome, word, took_s)
    await refuses(suite, former)


async def test_addresses_of_pictures_live_to_their_end(suite: Suite, people: list[Person]) -> None:
    http, before = people[0].http, people[0].picture_url
    async with mixed_load(people, REQUESTS_PER_SECOND) as outcome:
        began_s = time.monotonic()
        waiting = suite.begin("rotate", "media_signing_key")
        try:
            await eventually(lambda: _require_switched(suite), within_s=OF_ROTATION_S, every_s=0.5)
        finally:
            waiting.kill()
        assert (await http.get(before)).status_code in {200, 410}
        assert people[0].picture_url.rpartition("k=")[2] != before.rpartition("k=")[2]
        await asyncio.to_thread(waiting.wait)
        # As if they had come to their end: the same command drops the former key.
        await _end_at_once(suite, "media_signing_key")
        await _rotate(suite, "media_signing_key")
        took_s = time.monotonic() - began_s
    _require_well(outcome, "media_signing_key", took_s)
    assert (await http.get(before)).status_code == 403
    assert (await http.get(people[0].picture_url)).status_code == 200
    assert urlsplit(before).path == urlsplit(people[0].picture_url).path


async def test_sessions_go_on_and_now_ends_those_of_former_keys(
    suite: Suite, people: list[Person]
) -> None:
    *active, sleeper = people
    async with mixed_load(active, REQUESTS_PER_SECOND) as outcome:
        took_s = await _rotate(suite, "session")
        assert (await sleeper.http.get("/v1/me", headers=sleeper.headers)).status_code == 200
    _require_well(outcome, "session", took_s)
    # Whoever has not refreshed since is signed out, so this is not run under load.
    await _rotate(suite, "session", "--now")
    token = {"refresh_token": sleeper.session["refresh_token"]}
    ended = await sleeper.http.post("/v1/sessions/refresh", json=token)
    assert ended.status_code == 401
    assert (await sleeper.http.get("/v1/me", headers=sleeper.headers)).status_code == 401

"""Token checks: Redis for speed, Postgres for the truth."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from services.users.actions.check_sessions import check_sessions
from services.users.actions.refresh_session import refresh_session
from services.users.actions.sign_out import sign_out
from services.users.resources import Resources
from services.users.settings import UsersSettings
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import find_sessions
from shared.errors import NotFound, SessionEnded, TokenUnknown
from shared.network.network import Network, open_network
from shared.sharding.shard_group import open_shard_group
from tests.absent_redis import redis_that_is_away
from tests.statements import noted_statements
from tests.suite import Suite
from tests.users.cast import Cast
from tests.users.session_check import check_session


@pytest.fixture
def without_redis(resources: Resources) -> Resources:
    nowhere = redis_that_is_away()
    return replace(resources, sessions=SessionCache(nowhere))


@pytest.fixture
async def network(settings: UsersSettings) -> AsyncIterator[Network]:
    async with open_network(settings) as opened:
        yield opened


async def test_a_token_identifies_its_user_and_session(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    for _from_postgres_then_from_redis in range(2):
        check = await check_session(resources, alice["session"]["access_token"])
        assert check["user_id"] == alice["user"]["id"]
        assert check["session_id"] == alice["session"]["id"]


@pytest.mark.parametrize(
    "token", ["", "rta_", "rta_1.1.aaaaaaaaaaaaaaaaaaaaaaaa", "x" * 10_000, "\0"]
)
async def test_a_made_up_token_is_refused(resources: Resources, token: str) -> None:
    with pytest.raises(TokenUnknown):
        await check_session(resources, token)


async def test_a_refresh_token_is_refused_as_an_access_token(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    with pytest.raises(TokenUnknown):
        await check_session(resources, alice["session"]["refresh_token"])


async def test_a_sealed_token_of_an_unknown_session_is_refused(resources: Resources) -> None:
    with pytest.raises(SessionEnded):
        await check_session(resources, resources.tokens.token("access", 12345, 1))


async def test_nobody_is_signed_out_when_redis_is_away(
    without_redis: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    assert await check_session(without_redis, alice["session"]["access_token"])


async def test_nobody_is_signed_out_when_redis_is_emptied(
    resources: Resources, cast: Cast, data_suite: Suite
) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    await check_session(resources, alice["session"]["access_token"])
    await sign_out(resources.group, resources.sessions, bob["user"]["id"], bob["session"]["id"])
    async with data_suite.redis("users") as operator:
        await operator.flushall()
    assert await check_session(resources, alice["session"]["access_token"])
    with pytest.raises(SessionEnded):
        await check_session(resources, bob["session"]["access_token"])


async def test_any_number_of_tokens_takes_a_statement_per_primary_and_none_when_repeated(
    resources: Resources, cast: Cast
) -> None:
    people = [await cast.person("somebody") for _ in range(12)]
    tokens = [person["session"]["access_token"] for person in people]
    for statements_max in (len(resources.group.primaries()), 0):
        with noted_statements() as statements:
            answers = await check_sessions(
                resources.group, resources.sessions, resources.tokens, tokens
            )
        assert [answer["session"] and answer["session"]["user_id"] for answer in answers] == [
            person["user"]["id"] for person in people
        ]
        assert len(statements) <= statements_max


async def test_with_a_primary_away_only_its_own_sessions_are_unknown(
    resources: Resources, cast: Cast, settings: UsersSettings, tmp_path: Path, network: Network
) -> None:
    people = [await cast.person("somebody") for _ in range(12)]
    tokens = [person["session"]["access_token"] for person in people]
    group = await open_shard_group(_half_a_map(settings, tmp_path), network)
    try:
        answers = await check_sessions(
            group, resources.sessions, resources.tokens, [*tokens, "rta_made.up"]
        )
        away = group.shards_on("users-b")
        states = [
            "unknown" if group.shard_of(person["user"]["id"]) in away else "good"
            for person in people
        ]
    finally:
        await group.close()
    assert [answer["state"] for answer in answers] == [*states, "made_up"]
    assert {"unknown", "good"} <= set(states)


def _half_a_map(settings: UsersSettings, tmp_path: Path) -> UsersSettings:
    """The shard map with one of two primaries at an address where nothing listens."""
    shard_map = orjson.loads(settings.shard_map_file.read_bytes())
    shard_map["primaries"]["users-b"] |= {"host": "127.0.0.1", "port": 9, "replicas": []}
    file = tmp_path / "shards.json"
    file.write_bytes(orjson.dumps(shard_map))
    return settings.model_copy(update={"shard_map_file": file})


async def test_a_signed_out_session_stops_working_at_once(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    await check_session(resources, alice["session"]["access_token"])
    await sign_out(resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"])
    with pytest.raises(SessionEnded):
        await check_session(resources, alice["session"]["access_token"])


async def test_a_slow_reader_does_not_bring_a_signed_out_session_back(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    read_before = await find_sessions(resources.group, [alice["session"]["id"]])
    await sign_out(resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"])
    await resources.sessions.remember(read_before.values())
    with pytest.raises(SessionEnded):
        await check_session(resources, alice["session"]["access_token"])


async def test_only_the_users_own_session_can_be_signed_out(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    with pytest.raises(NotFound):
        await sign_out(
            resources.group, resources.sessions, bob["user"]["id"], alice["session"]["id"]
        )
    assert await check_session(resources, alice["session"]["access_token"])


async def test_signing_out_twice_changes_nothing(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    for _time in range(2):
        await sign_out(
            resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"]
        )
        with pytest.raises(SessionEnded):
            await check_session(resources, alice["session"]["access_token"])


async def test_tokens_before_and_after_a_refresh_are_both_valid(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    await check_session(resources, first["access_token"])
    second = await refresh_session(
        resources.group, resources.sessions, resources.tokens, first["refresh_token"]
    )
    for token in (first["access_token"], second["access_token"], first["access_token"]):
        assert (await check_session(resources, token))["session_id"] == first["id"]

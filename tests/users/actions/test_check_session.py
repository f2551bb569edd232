"""Checking a token: Redis for speed, Postgres for the truth."""

from dataclasses import replace

import pytest

from services.users.actions.check_session import check_session
from services.users.actions.refresh_session import refresh_session
from services.users.actions.sign_out import sign_out
from services.users.domain.sessions import SessionEnded
from services.users.resources import Resources
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import find_session
from shared.contracts.people import SessionCheck
from shared.errors import NotFound
from tests.suite import Suite
from tests.users.absent_redis import redis_that_is_away
from tests.users.cast import Cast


async def _check(resources: Resources, token: str) -> SessionCheck:
    return await check_session(resources.group, resources.sessions, resources.tokens, token)


@pytest.fixture
def without_redis(resources: Resources) -> Resources:
    nowhere = redis_that_is_away()
    return replace(resources, sessions=SessionCache(nowhere))


async def test_a_token_stands_for_its_user_and_session(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    for _from_postgres_then_from_redis in range(2):
        check = await _check(resources, alice["session"]["access_token"])
        assert check["user_id"] == alice["user"]["id"]
        assert check["session_id"] == alice["session"]["id"]


@pytest.mark.parametrize(
    "token", ["", "rta_", "rta_1.1.aaaaaaaaaaaaaaaaaaaaaaaa", "x" * 10_000, "\0"]
)
async def test_a_made_up_token_is_refused(resources: Resources, token: str) -> None:
    with pytest.raises(SessionEnded):
        await _check(resources, token)


async def test_a_refresh_token_is_no_access_token(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    with pytest.raises(SessionEnded):
        await _check(resources, alice["session"]["refresh_token"])


async def test_a_sealed_token_of_a_session_that_never_was_is_refused(resources: Resources) -> None:
    with pytest.raises(SessionEnded):
        await _check(resources, resources.tokens.token("access", 12345, 1))


async def test_nobody_is_signed_out_when_redis_is_away(
    without_redis: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    assert await _check(without_redis, alice["session"]["access_token"])


async def test_nobody_is_signed_out_when_redis_is_emptied(
    resources: Resources, cast: Cast, data_suite: Suite
) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    await _check(resources, alice["session"]["access_token"])
    await sign_out(resources.group, resources.sessions, bob["user"]["id"], bob["session"]["id"])
    async with data_suite.redis("users") as operator:
        await operator.flushall()
    assert await _check(resources, alice["session"]["access_token"])
    with pytest.raises(SessionEnded):
        await _check(resources, bob["session"]["access_token"])


async def test_a_signed_out_session_stops_at_once(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    await _check(resources, alice["session"]["access_token"])
    await sign_out(resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"])
    with pytest.raises(SessionEnded):
        await _check(resources, alice["session"]["access_token"])


async def test_a_slow_reader_does_not_bring_a_signed_out_session_back(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    read_before = await find_session(resources.group, alice["session"]["id"])
    await sign_out(resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"])
    assert read_before is not None
    await resources.sessions.remember(read_before)
    with pytest.raises(SessionEnded):
        await _check(resources, alice["session"]["access_token"])


async def test_only_ones_own_session_can_be_signed_out(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    with pytest.raises(NotFound):
        await sign_out(
            resources.group, resources.sessions, bob["user"]["id"], alice["session"]["id"]
        )
    assert await _check(resources, alice["session"]["access_token"])


async def test_signing_out_twice_is_the_same_as_once(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    for _time in range(2):
        await sign_out(
            resources.group, resources.sessions, alice["user"]["id"], alice["session"]["id"]
        )
        with pytest.raises(SessionEnded):
            await _check(resources, alice["session"]["access_token"])


async def test_the_tokens_before_and_after_a_refresh_are_both_good(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    await _check(resources, first["access_token"])
    second = await refresh_session(
        resources.group, resources.sessions, resources.tokens, first["refresh_token"]
    )
    for token in (first["access_token"], second["access_token"], first["access_token"]):
        assert (await _check(resources, token))["session_id"] == first["id"]

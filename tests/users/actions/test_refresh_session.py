"""Refreshes: each token works once, a lost reply repeats, a stolen token never works."""

import asyncio
from datetime import timedelta

import pytest

from services.users.actions.refresh_session import refresh_session
from services.users.domain.sessions import REFRESH_GRACE
from services.users.resources import Resources
from shared.contracts.people import Session
from shared.errors import SessionEnded, TokenUnknown
from shared.sql_files import parse_query
from tests.users.cast import Cast
from tests.users.session_check import check_session


async def _refresh(resources: Resources, token: str) -> Session:
    return await refresh_session(resources.group, resources.sessions, resources.tokens, token)


async def test_a_refresh_gives_new_tokens_of_the_same_session(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    second = await _refresh(resources, first["refresh_token"])
    assert second["id"] == first["id"]
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["refresh_expires_at"] > first["refresh_expires_at"]


async def test_a_refresh_with_a_lost_reply_can_be_repeated(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    replies = [await _refresh(resources, first["refresh_token"]) for _ in range(3)]
    assert replies[0] == replies[1] == replies[2]


async def test_concurrent_refreshes_give_one_successor(resources: Resources, cast: Cast) -> None:
    first = (await cast.person("alice"))["session"]
    replies = await asyncio.gather(
        *(_refresh(resources, first["refresh_token"]) for _ in range(20))
    )
    assert all(reply == replies[0] for reply in replies)


async def test_an_old_token_after_the_grace_ends_the_session_for_both(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    second = await _refresh(resources, first["refresh_token"])
    await _let_pass(resources, first["id"], REFRESH_GRACE)
    with pytest.raises(SessionEnded):
        await _refresh(resources, first["refresh_token"])
    with pytest.raises(SessionEnded):
        await _refresh(resources, second["refresh_token"])
    with pytest.raises(SessionEnded):
        await check_session(resources, second["access_token"])


async def test_a_token_whose_successor_was_used_ends_the_session(
    resources: Resources, cast: Cast
) -> None:
    first = (await cast.person("alice"))["session"]
    second = await _refresh(resources, first["refresh_token"])
    third = await _refresh(resources, second["refresh_token"])
    with pytest.raises(SessionEnded):
        await _refresh(resources, first["refresh_token"])
    with pytest.raises(SessionEnded):
        await _refresh(resources, third["refresh_token"])


@pytest.mark.parametrize("token", ["", "rtr_1.1.aaaaaaaaaaaaaaaaaaaaaaaa"])
async def test_a_made_up_token_is_refused(resources: Resources, token: str) -> None:
    with pytest.raises(TokenUnknown):
        await _refresh(resources, token)


async def test_a_sealed_token_without_a_session_is_refused(resources: Resources) -> None:
    with pytest.raises(SessionEnded):
        await _refresh(resources, resources.tokens.token("refresh", 12345, 1))


async def _let_pass(resources: Resources, session_id: int, time: timedelta) -> None:
    text = "UPDATE :schema.session SET issued_at = issued_at - :time::interval WHERE id = :id"
    async with resources.group.writer(resources.group.shard_of(session_id)) as tx:
        assert await tx.execute(parse_query("let_pass", text), time=time, id=session_id) == 1

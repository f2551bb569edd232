"""The pipe says at once when Redis is away, and finds it again by itself."""

import asyncio
import signal

import pytest

from services.gateway.settings import GatewaySettings
from services.gateway.store.redis_pipe import PipeDown, RedisPipe
from shared.network.network import Network
from tests.eventually import eventually
from tests.suite import Suite


async def answers(pipe: RedisPipe) -> None:
    try:
        assert await pipe.ask("PING") == b"PONG"
    except PipeDown as error:
        raise AssertionError from error


async def is_down(pipe: RedisPipe) -> None:
    with pytest.raises(PipeDown):
        await pipe.ask("PING")


async def test_replies_come_in_the_order_of_asking(pipes: tuple[RedisPipe, RedisPipe]) -> None:
    asked = [pipes[0].ask("ECHO", str(number)) for number in range(500)]
    assert await asyncio.gather(*asked) == [str(number).encode() for number in range(500)]


async def test_one_who_went_away_shifts_no_reply(pipes: tuple[RedisPipe, RedisPipe]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await pipes[0].ask("ECHO", "gone")
    assert await pipes[0].ask("ECHO", "here") == b"here"


async def test_an_unknown_script_makes_it_connect_anew(pipes: tuple[RedisPipe, RedisPipe]) -> None:
    with pytest.raises(PipeDown):
        await pipes[0].ask("EVALSHA", "0" * 40, 0)
    await eventually(lambda: answers(pipes[0]))


async def test_a_killed_redis_is_found_again(
    pipes: tuple[RedisPipe, RedisPipe], data_suite: Suite
) -> None:
    data_suite.kill("redis-gateway")
    await eventually(lambda: is_down(pipes[0]))
    await eventually(lambda: answers(pipes[0]))


async def test_a_silent_redis_is_given_up_by_all_who_wait(
    pipes: tuple[RedisPipe, RedisPipe], data_suite: Suite
) -> None:
    data_suite.kill("redis-gateway", signal.SIGSTOP)
    try:
        waiting = [pipes[0].ask("PING") for _ in range(20)]
        replies = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(reply, PipeDown) for reply in replies)
    finally:
        data_suite.kill("redis-gateway", signal.SIGCONT)
    await eventually(lambda: answers(pipes[0]))


async def test_a_wrong_password_is_like_a_redis_that_is_away(
    real_settings: GatewaySettings, network: Network
) -> None:
    url = real_settings.redis_url.get_secret_value()
    user, _, rest = url.partition(":")[2].partition(":")
    stranger = RedisPipe(f"rediss:{user}:wrong@{rest.rpartition('@')[2]}", network)
    await stranger.open()
    await is_down(stranger)
    await stranger.close()

"""The client finds Redis by name over TLS, and again after a restart."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis import RedisError
from redis.asyncio import Redis

from shared.caching.redis_client import open_redis
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.tracing.frames import Frame, current_frame
from tests.eventually import eventually
from tests.shared.caching.redis_process import NAME, PORT, URL, RedisProcess, network_of


@pytest.fixture
async def redis(server: RedisProcess) -> AsyncIterator[Redis]:
    client = await open_redis(URL, network_of(server))

    async def answers() -> None:
        try:
            assert await client.ping()
        except RedisError as error:
            raise AssertionError from error

    await eventually(answers)
    yield client
    await client.aclose()


async def test_it_is_found_by_name_and_speaks_tls_as_its_user(redis: Redis) -> None:
    await redis.set("key", "value", ex=60)
    assert await redis.get("key") == b"value"


async def test_a_certificate_of_another_name_is_refused(server: RedisProcess) -> None:
    other = "feed.redis.internal"
    client = await open_redis(f"rediss://users:x@{other}:{PORT}/0", network_of(server, other))
    with pytest.raises(RedisError):
        await client.ping()
    await client.aclose()


async def test_an_unknown_name_is_an_error_of_redis(server: RedisProcess) -> None:
    network = Network(Resolver(("127.22.7.53:1",)), server.authority.ca_file)
    client = await open_redis(f"rediss://users:x@{NAME}:{PORT}/0", network)
    with pytest.raises(RedisError):
        await client.ping()
    await client.aclose()


async def test_a_restarted_redis_is_found_again(redis: Redis, server: RedisProcess) -> None:
    await redis.ping()
    server.end()
    with pytest.raises(RedisError):
        await redis.ping()
    server.start()

    async def answers() -> None:
        try:
            assert await redis.ping()
        except RedisError as error:
            raise AssertionError from error

    await eventually(answers)


async def test_a_redis_that_is_down_is_no_error_until_it_is_used(server: RedisProcess) -> None:
    network = network_of(server)
    network.resolver.preset(NAME, ["127.22.7.9"])
    client = await open_redis(f"rediss://users:x@{NAME}:{PORT}/0", network)
    with pytest.raises(RedisError):
        await client.get("key")
    await client.aclose()


@pytest.mark.parametrize(
    ("name", "arguments", "outcome"),
    [
        ("GET", ("key",), ""),
        # The library sends the script then.
        ("EVALSHA", ("0" * 40, 0), ""),
        ("INCR", ("text",), "failed"),
        ("NO-SUCH-COMMAND", (), "failed"),
    ],
)
async def test_only_a_failure_is_noted_as_one(
    redis: Redis, name: str, arguments: tuple[str | int, ...], outcome: str
) -> None:
    await redis.set("text", "no number", ex=60)
    frame = Frame("f" * 32, 0, is_sampled=True, is_server=True)
    current_frame.set(frame)
    with suppress(RedisError):
        await redis.execute_command(name, *arguments)  # type: ignore[no-untyped-call]
    assert [(note[2], note[5]) for note in frame.notes] == [(name, outcome)]

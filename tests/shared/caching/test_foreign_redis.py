"""A Redis of somebody else is believed by its own authority, beside ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis.exceptions

from shared.caching.redis_client import open_redis
from shared.network.network import Network
from shared.network.resolver import Resolver
from tests.eventually import eventually
from tests.shared.caching.redis_process import ADDRESS, NAME, URL, RedisProcess
from tests.shared.certificates import Authority


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[RedisProcess]:
    server = RedisProcess(tmp_path)
    server.start()
    yield server
    server.end()


@pytest.fixture
def network(tmp_path: Path) -> Network:
    folder = tmp_path / "ours"
    folder.mkdir()
    resolver = Resolver(())
    resolver.preset(NAME, [ADDRESS])
    return Network(resolver, Authority(folder).ca_file)


async def test_its_authority_is_trusted_where_it_is_named(
    foreign: RedisProcess, network: Network
) -> None:
    client = await open_redis(URL, network.trusting(foreign.authority.ca_file))

    async def answers() -> None:
        try:
            assert await client.ping()
        except redis.exceptions.RedisError as error:
            raise AssertionError(str(error)) from error

    await eventually(answers)
    await client.aclose()


async def test_elsewhere_it_is_not(foreign: RedisProcess, network: Network) -> None:
    assert network.trusting(None) is network
    trusting = await open_redis(URL, network.trusting(foreign.authority.ca_file))

    async def runs() -> None:
        try:
            assert await trusting.ping()
        except redis.exceptions.RedisError as error:
            raise AssertionError(str(error)) from error

    await eventually(runs)
    ours = await open_redis(URL, network)
    with pytest.raises(redis.exceptions.RedisError):
        await ours.ping()
    await trusting.aclose()
    await ours.aclose()

"""The audit reads every member of every kind of collection, however large."""

import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from infra.deletion_audit.redis_keys import keys_with
from tests.eventually import eventually
from tests.shared.caching.redis_process import PORT, RedisProcess

# The tests of caching may run at the same time, at an address of their own.
ADDRESS = "127.22.7.2"
WANTED, ABSENT = 700_000_000_001, 700_000_000_002
# More than a page, more than Redis keeps in one compact piece, and more than the old bound.
MEMBERS = [*range(12_000), WANTED, *range(12_000, 12_005)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    process = RedisProcess(tmp_path_factory.mktemp("redis"), ADDRESS)
    process.start()
    yield process
    process.end()


@pytest.fixture
async def client(server: RedisProcess) -> AsyncIterator[Redis]:
    async with Redis(
        host=ADDRESS,
        port=PORT,
        username="users",
        password="a%3Dpass",
        ssl=True,
        ssl_ca_certs=str(server.authority.ca_file),
        ssl_check_hostname=False,
    ) as opened:

        async def answers() -> None:
            try:
                await opened.flushall()
            except RedisConnectionError as error:
                raise AssertionError("it does not listen yet") from error

        await eventually(answers)
        yield opened


async def _fill(client: Any, kind: str) -> None:
    pipe = client.pipeline(transaction=False)
    match kind:
        case "string":
            pipe.set("key", " ".join(map(str, MEMBERS)))
        case "list":
            pipe.rpush("key", *MEMBERS)
        case "set":
            pipe.sadd("key", *MEMBERS)
        case "zset":
            pipe.zadd("key", {str(member): number for number, member in enumerate(MEMBERS)})
        case "hash":
            pipe.hset("key", mapping={str(n): str(member) for n, member in enumerate(MEMBERS)})
        case "stream":
            for member in MEMBERS:
                pipe.xadd("key", {"id": str(member)})
    await pipe.execute()


@pytest.mark.parametrize("kind", ["string", "list", "set", "zset", "hash", "stream"])
async def test_a_late_member_is_found_once(client: Redis, kind: str) -> None:
    await _fill(client, kind)
    assert await keys_with(client, [str(WANTED), str(ABSENT)]) == {
        str(WANTED): 1,
        str(ABSENT): 0,
    }


async def test_names_count_and_a_withdrawn_post_and_a_key_that_expires_soon_do_not(
    client: Redis,
) -> None:
    await client.set(f"post:{WANTED}:card", "x")
    await client.set(f"post:{WANTED}", "gone")
    await client.set(f"view:{WANTED}", "x", ex=60)
    assert await keys_with(client, [str(WANTED)]) == {str(WANTED): 1}

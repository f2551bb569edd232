"""Bodies are cached, loaded once, and never replaced by older ones."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
from redis import asyncio as aioredis
from redis.asyncio.connection import BlockingConnectionPool

from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from services.feed.settings import FeedSettings
from services.feed.store.body_cache import BodyCache, body_key
from services.feed.store.hot_reads import HotReads
from services.feed.store.post_bodies import PostBodies
from services.feed.store.posts import bodies_by_ids
from shared.caching.redis_client import open_redis
from shared.caching.redis_guard import RedisGuard
from shared.contracts.posts import PostBody
from shared.network.network import Network
from shared.sharding.shard_group import ShardGroup
from tests.feed.cast import Cast, new_id


class CountedLoads:
    """Counts its loads, and waits before each until a test lets it continue."""

    def __init__(self) -> None:
        self.loads = 0
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.is_loading = asyncio.Event()

    async def load(self, group: ShardGroup, ids: Sequence[int]) -> dict[int, PostBody | None]:
        self.loads += 1
        found = await bodies_by_ids(group, ids)
        self.is_loading.set()
        await self.may_load.wait()
        return found


@dataclass(frozen=True)
class Process:
    """The collaborators of one process of feed."""

    bodies: PostBodies
    posts: CountedLoads


@pytest.fixture
async def patient_redis(settings: FeedSettings, network: Network) -> AsyncIterator[aioredis.Redis]:
    """A client for which Redis never counts as away on a busy machine."""
    client = await open_redis(settings.redis_url.get_secret_value(), network)
    pool = client.connection_pool
    assert isinstance(pool, BlockingConnectionPool)
    pool.timeout = pool.connection_kwargs["socket_timeout"] = 30
    yield client
    await client.aclose()


@pytest.fixture
def processes(group: ShardGroup, patient_redis: aioredis.Redis, reads: HotReads) -> list[Process]:
    made = []
    for _ in range(2):
        posts = CountedLoads()
        cache = BodyCache(patient_redis, reads, RedisGuard())
        made.append(Process(PostBodies(cache, group, posts.load), posts))
    return made


async def test_a_body_is_loaded_once_and_then_comes_from_the_cache(
    cast: Cast, processes: list[Process]
) -> None:
    post = await cast.publishes(new_id(), "hello")
    first, second = processes
    bodies = [await first.bodies.find(post), await first.bodies.find(post)]
    bodies.append(await second.bodies.find(post))
    assert [body and body["caption"] for body in bodies] == ["hello"] * 3
    assert (first.posts.loads, second.posts.loads) == (1, 0)


async def test_five_hundred_readers_of_an_expired_body_cause_at_most_two_loads(
    cast: Cast, processes: list[Process], redis: aioredis.Redis
) -> None:
    post = await cast.publishes(new_id())
    assert await processes[0].bodies.find(post) is not None
    await redis.delete(body_key(post))
    found = await asyncio.gather(
        *(processes[reader % 2].bodies.find(post) for reader in range(500))
    )
    assert all(body is not None and body["id"] == post for body in found)
    # One load for the first body, and one for the read after it expired.
    assert sum(process.posts.loads for process in processes) - 1 <= 2


async def test_a_slow_reader_does_not_bring_a_withdrawn_post_back(
    cast: Cast, resources: Resources, processes: list[Process]
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    slow = processes[0]
    slow.posts.may_load.clear()
    reading = asyncio.create_task(slow.bodies.find(post))
    await slow.posts.is_loading.wait()
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    slow.posts.may_load.set()
    await reading
    assert await processes[1].bodies.find(post) is None
    assert await slow.bodies.find(post) is None


async def test_a_dead_lease_holder_delays_nobody_for_long(
    cast: Cast, processes: list[Process], redis: aioredis.Redis
) -> None:
    post = await cast.publishes(new_id())
    await redis.set(body_key(post), "lease:of the dead", px=3_000)
    assert await processes[0].bodies.find(post) is not None
    assert await redis.get(body_key(post)) == b"lease:of the dead"


async def test_an_unknown_post_is_not_cached_as_gone(
    processes: list[Process], redis: aioredis.Redis
) -> None:
    nothing = new_id()
    assert await processes[0].bodies.find(nothing) is None
    assert await redis.get(body_key(nothing)) is None


async def test_a_withdrawn_post_is_known_to_be_gone_without_a_load(
    cast: Cast, resources: Resources, processes: list[Process], redis: aioredis.Redis
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    await redis.delete(body_key(post))
    assert await processes[0].bodies.find(post) is None
    assert await processes[1].bodies.find(post) is None
    assert (processes[0].posts.loads, processes[1].posts.loads) == (1, 0)


async def test_many_bodies_take_one_load_per_primary(cast: Cast, processes: list[Process]) -> None:
    posts = [await cast.publishes(new_id(), f"post {number}") for number in range(12)]
    found = await processes[0].bodies.find_many([*posts, new_id()])
    assert [found.bodies[post]["caption"] for post in posts] == [f"post {n}" for n in range(12)]
    assert len(found.bodies) == 12
    assert processes[0].posts.loads <= 2


async def test_a_cancelled_reader_does_not_stop_the_load_for_others(
    cast: Cast, processes: list[Process]
) -> None:
    post = await cast.publishes(new_id())
    process = processes[0]
    process.posts.may_load.clear()
    impatient = asyncio.create_task(process.bodies.find(post))
    await process.posts.is_loading.wait()
    patient = asyncio.create_task(process.bodies.find(post))
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    process.posts.may_load.set()
    assert await patient is not None
    assert process.posts.loads == 1


async def test_without_redis_bodies_come_from_postgres(
    cast: Cast, without_redis: Resources
) -> None:
    post = await cast.publishes(new_id())
    assert await without_redis.bodies.find(post) is not None
    assert await without_redis.bodies.find(new_id()) is None

"""Popular posts: one order for everybody, stable while paged, also without Redis."""

import pytest
from redis import asyncio as aioredis

from services.feed.actions.like_post import like_post
from services.feed.actions.read_explore import read_explore
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.resources import Resources
from services.feed.store.kept_orders import latest_key
from shared.errors import Invalid
from tests.feed.cast import Cast, new_id


async def _page(
    resources: Resources, limit: int = 40, cursor: str | None = None
) -> tuple[list[int], str | None]:
    page = await read_explore(
        resources.explore, resources.bodies, resources.reactions, new_id(), (limit, cursor)
    )
    return [post["id"] for post in page["items"]], page["next_cursor"]


async def _likes(resources: Resources, post_id: int, times: int) -> None:
    for _ in range(times):
        await like_post(resources.group, resources.bodies, resources.likes, post_id, new_id())


async def test_the_most_liked_post_of_each_author_is_listed_and_the_most_liked_come_first(
    cast: Cast, resources: Resources, redis: aioredis.Redis
) -> None:
    alice, bob = new_id(), new_id()
    best, other, second = [await cast.publishes(author) for author in (alice, alice, bob)]
    await _likes(resources, best, 60)
    await _likes(resources, other, 20)
    await _likes(resources, second, 50)
    await redis.delete(latest_key("explore"))
    ids, _ = await _page(resources)
    assert ids[:2] == [best, second]
    assert other not in ids


async def test_later_pages_keep_the_order_of_the_first_page(
    cast: Cast, resources: Resources, redis: aioredis.Redis
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(12)]
    await redis.delete(latest_key("explore"))
    whole, _ = await _page(resources, limit=12)
    first, cursor = await _page(resources, limit=4)
    for post in posts:
        await _likes(resources, post, 1)
    await redis.delete(latest_key("explore"))
    await _page(resources)
    second, cursor = await _page(resources, limit=4, cursor=cursor)
    third, _ = await _page(resources, limit=4, cursor=cursor)
    assert first + second + third == whole


async def test_all_readers_share_one_order(
    cast: Cast, resources: Resources, redis: aioredis.Redis
) -> None:
    await redis.delete(latest_key("explore"))
    before, _ = await _page(resources)
    late = await cast.publishes(new_id())
    await _likes(resources, late, 70)
    assert (await _page(resources))[0] == before


async def test_a_withdrawn_post_leaves_a_gap(
    cast: Cast, resources: Resources, redis: aioredis.Redis
) -> None:
    author = new_id()
    post = await cast.publishes(author)
    await _likes(resources, post, 80)
    await redis.delete(latest_key("explore"))
    assert post in (await _page(resources))[0]
    await withdraw_own_post(resources.group, resources.bodies, post, author)
    assert post not in (await _page(resources))[0]


@pytest.mark.parametrize("cursor", ["nonsense", "WzFd"])
async def test_a_cursor_of_another_list_is_refused(resources: Resources, cursor: str) -> None:
    with pytest.raises(Invalid):
        await _page(resources, cursor=cursor)


async def test_without_redis_every_page_computes_the_order(
    cast: Cast, without_redis: Resources
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(5)]
    for post in posts:
        await _likes(without_redis, post, 30)
    first, cursor = await _page(without_redis, limit=3)
    second, _ = await _page(without_redis, limit=37, cursor=cursor)
    assert set(posts) <= {*first, *second}

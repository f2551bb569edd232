"""What polling phones see, with and without Redis."""

import pytest
from prometheus_client import REGISTRY
from redis import asyncio as aioredis

from services.upload.domain.photos import photo_of
from services.upload.store.photos import find_photo
from services.upload.store.polled_photos import KEPT_S, PolledPhotos
from shared.caching.redis_guard import RedisGuard
from shared.sharding.shard_group import ShardGroup
from tests.absent_redis import redis_that_is_away
from tests.upload.cast import Cast, new_id
from tests.upload.upload_api import UploadApi


def _answered_by_redis() -> float:
    return (
        REGISTRY.get_sample_value("retrato_upload_polled_photos_total", {"found_in": "redis"}) or 0
    )


async def test_polls_of_a_processing_photo_cost_one_statement(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    path = f"/photos/{(await cast.sends(alice))['id']}"
    first = (await api.get(path, alice)).json()
    assert first["state"] == "processing"
    before = _answered_by_redis()
    for _ in range(5):
        assert (await api.get(path, alice)).json() == first
    assert _answered_by_redis() == before + 5
    assert (await api.get(path, new_id())).status_code == 404


async def test_a_change_is_seen_by_the_next_poll(
    api: UploadApi, cast: Cast, polled: PolledPhotos
) -> None:
    alice = new_id()
    photo_id = (await cast.sends(alice))["id"]
    assert (await api.get(f"/photos/{photo_id}", alice)).json()["state"] == "processing"
    await cast.processes(photo_id)
    await polled.note_change(photo_id)
    assert (await api.get(f"/photos/{photo_id}", alice)).json()["state"] == "ready"


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_an_owners_edit_is_seen_by_the_next_poll(
    api: UploadApi, cast: Cast, polled: PolledPhotos, group: ShardGroup, method: str
) -> None:
    alice = new_id()
    photo_id = (await cast.sends(alice))["id"]
    path = f"/photos/{photo_id}"
    assert (await api.get(path, alice)).json()["alt_text"] == ""
    if method == "patch":
        await api.patch(path, {"alt_text": "a lighthouse"}, alice)
        assert (await api.get(path, alice)).json()["alt_text"] == "a lighthouse"
    else:
        await api.delete(path, alice)
        assert (await api.get(path, alice)).status_code == 404


async def test_an_overtaken_reader_caches_nothing(
    cast: Cast, polled: PolledPhotos, group: ShardGroup
) -> None:
    alice = new_id()
    photo_id = (await cast.sends(alice))["id"]
    stored = await find_photo(group, photo_id)
    assert stored is not None
    await polled.note_change(photo_id)
    await polled.keep(alice, photo_of(stored))
    assert await polled.find(photo_id) is None


async def test_every_key_expires(
    cast: Cast, polled: PolledPhotos, group: ShardGroup, redis: aioredis.Redis
) -> None:
    alice = new_id()
    photo_id = (await cast.sends(alice))["id"]
    stored = await find_photo(group, photo_id)
    assert stored is not None
    await polled.keep(alice, photo_of(stored))
    assert 0 < await redis.ttl(f"polled:{photo_id}") <= KEPT_S
    await polled.note_change(photo_id)
    assert 0 < await redis.ttl(f"polled:{photo_id}") <= KEPT_S


async def test_without_redis_every_poll_asks_postgres(cast: Cast, group: ShardGroup) -> None:
    away = PolledPhotos(redis_that_is_away(), RedisGuard())
    alice = new_id()
    stored = await find_photo(group, (await cast.sends(alice))["id"])
    assert stored is not None
    await away.keep(alice, photo_of(stored))
    await away.note_change(stored.id)
    assert await away.find(stored.id) is None

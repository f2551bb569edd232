"""Cached offsets of open uploads: the cost of a piece, and the bounds of the cache."""

from prometheus_client import REGISTRY
from redis import asyncio as aioredis

from services.upload.domain.uploads import OpenUpload
from services.upload.store.uploads_under_way import KEPT_S, UPLOADS_MAX, UploadsUnderWay
from shared.caching.redis_guard import RedisGuard
from tests.absent_redis import redis_that_is_away
from tests.upload.cast import new_id
from tests.upload.pictures import small_jpeg
from tests.upload.upload_api import UploadApi


def _pieces_found_in(place: str) -> float:
    sample = REGISTRY.get_sample_value("retrato_upload_pieces_total", {"found_in": place})
    return sample or 0


async def test_after_its_first_piece_an_upload_continues_without_a_read(
    api: UploadApi, redis: aioredis.Redis
) -> None:
    alice, content = new_id(), small_jpeg()
    begun = (await api.post("/uploads", {"length": len(content)}, alice)).json()
    in_postgres, in_redis = _pieces_found_in("postgres"), _pieces_found_in("redis")
    ends = [100, 200, 300, len(content)]
    for start, end in zip([0, *ends], ends, strict=False):
        reply = await api.send_piece(alice, begun["id"], start, content[start:end])
        assert reply.json()["offset"] == end
    assert _pieces_found_in("postgres") == in_postgres + 1
    assert _pieces_found_in("redis") == in_redis + 3
    assert reply.json()["photo"] is not None
    assert await redis.exists(f"uploads:{alice}") == 0


async def test_a_deleted_upload_is_forgotten(api: UploadApi, redis: aioredis.Redis) -> None:
    alice, content = new_id(), small_jpeg()
    begun = (await api.post("/uploads", {"length": len(content)}, alice)).json()
    await api.send_piece(alice, begun["id"], 0, content[:100])
    assert await redis.exists(f"uploads:{alice}") == 1
    await api.delete(f"/uploads/{begun['id']}", alice)
    assert await redis.exists(f"uploads:{alice}") == 0


async def test_only_the_owner_finds_an_upload(under_way: UploadsUnderWay) -> None:
    upload = OpenUpload(new_id(), new_id(), length=900, received=300, pieces=3)
    await under_way.keep(upload)
    assert await under_way.find(upload.owner_id, upload.id) == upload
    assert await under_way.find(new_id(), upload.id) is None
    assert await under_way.find(upload.owner_id, new_id()) is None


async def test_the_hash_is_bounded_and_expires(
    under_way: UploadsUnderWay, redis: aioredis.Redis
) -> None:
    owner_id = new_id()
    for number in range(1, UPLOADS_MAX + 1):
        await under_way.keep(OpenUpload(owner_id, number, 900, 300, 3))
        assert 0 < await redis.ttl(f"uploads:{owner_id}") <= KEPT_S
    await under_way.keep(OpenUpload(owner_id, UPLOADS_MAX + 1, 900, 300, 3))
    assert await redis.exists(f"uploads:{owner_id}") == 0


async def test_without_redis_nothing_is_found_and_nothing_fails() -> None:
    away = UploadsUnderWay(redis_that_is_away(), RedisGuard())
    upload = OpenUpload(new_id(), new_id(), length=900, received=300, pieces=3)
    await away.keep(upload)
    await away.forget(upload.owner_id, upload.id)
    assert await away.find(upload.owner_id, upload.id) is None

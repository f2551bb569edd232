"""Photos move from one bucket to another, and readers miss none meanwhile."""

import io
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from services.upload.actions.mirror_store import (
    Mirrored,
    compare_stores,
    mirror_store,
)
from services.upload.resources import open_resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import Objects, quarantine_key, rendition_key
from shared.errors import NotFound
from tests.upload.cast import new_id


async def _put(objects: Objects, key: str, content: bytes) -> str:
    await objects.put_file(key, io.BytesIO(content), len(content))
    return key


async def _read(objects: Objects, key: str) -> bytes:
    taken = bytearray()
    await objects.read(key, taken.extend)
    return bytes(taken)


async def _keys(objects: Objects, prefix: str) -> list[str]:
    listed, _ = await objects.page(prefix, "", 500)
    return [found.key for found in listed]


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def _tell_nobody(_done: Mirrored) -> None:
    """Ignore the progress, which is for operators."""


@pytest.fixture
async def moving(settings: UploadSettings) -> AsyncIterator[tuple[Objects, Objects]]:
    """A bucket with a second one, and the same two exchanged."""
    names = [f"moving-{secrets.token_hex(4)}" for _ in range(2)]
    async with AsyncExitStack() as stack:
        first, second = [
            (
                await stack.enter_async_context(
                    open_resources(
                        settings.model_copy(update={"s3_bucket": one, "s3_second_bucket": other})
                    )
                )
            ).objects
            for one, other in (names, names[::-1])
        ]
        for name in names:
            await first._client.create_bucket(Bucket=name)
        yield first, second


async def test_a_mirror_has_the_same_bytes_under_the_same_keys(
    moving: tuple[Objects, Objects],
) -> None:
    before, _after = moving
    large = secrets.token_bytes(3_000_000)
    keys = [
        await _put(before, rendition_key(new_id(), f"large-{n:016x}.jpg"), bytes([n]) * n)
        for n in range(1, 20)
    ]
    keys.append(await _put(before, quarantine_key(new_id()), large))
    target = before.second
    assert target is not None
    seen: list[int] = []
    done = await mirror_store(before, target, lambda done: seen.append(done.seen))
    assert (done.copied, done.copied_bytes) == (20, sum(range(1, 20)) + len(large))
    assert seen[-1] == done.seen == 20
    assert (await compare_stores(before, target, _soon())).missing == []
    assert await _read(target, keys[-1]) == large
    assert (await mirror_store(before, target, _tell_nobody)).copied == 0


async def test_missing_and_truncated_objects_are_reported_and_repaired(
    moving: tuple[Objects, Objects],
) -> None:
    before, _ = moving
    assert before.second is not None
    whole, missing = [rendition_key(new_id(), f"large-{n:016x}.jpg") for n in range(2)]
    for key in (whole, missing):
        await _put(before, key, b"all of it")
    await _put(before.second, whole, b"all")
    found = await compare_stores(before, before.second, _soon())
    assert sorted(found.missing) == sorted([whole, missing])
    # Objects added since the copying began are left for the next time.
    earlier = datetime.now(UTC) - timedelta(hours=1)
    assert (await compare_stores(before, before.second, earlier)).missing == []
    await mirror_store(before, before.second, _tell_nobody)
    assert (await compare_stores(before, before.second, _soon())).missing == []


async def test_during_the_exchange_each_side_reads_and_deletes_in_both_buckets(
    moving: tuple[Objects, Objects],
) -> None:
    before, after = moving
    old = await _put(before, rendition_key(new_id(), f"large-{1:016x}.jpg"), b"old")
    new = await _put(after, rendition_key(new_id(), f"large-{2:016x}.jpg"), b"new")
    for side in moving:
        assert (await _read(side, old), await _read(side, new)) == (b"old", b"new")
        assert await side.exists(old)
        assert await side.exists(new)
    owner = new_id()
    originals = [await _put(side, quarantine_key(owner), b"original") for side in moving]
    assert sorted(await before.keys_of_originals(owner, 9)) == sorted(originals)
    await before.delete([old, new])
    for side in moving:
        with pytest.raises(NotFound):
            await _read(side, old)
        assert await _keys(side, "renditions/") == []


async def test_late_photos_are_copied_from_the_former_bucket(
    moving: tuple[Objects, Objects],
) -> None:
    before, after = moving
    late = await _put(before, rendition_key(new_id(), f"large-{1:016x}.jpg"), b"late")
    assert after.second is not None
    await mirror_store(after.second, after, _tell_nobody)
    assert await after.has_itself(late)

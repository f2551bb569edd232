"""Resumable uploads: pieces at their offset, durable, and finally one photo."""

import asyncio
import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import asyncio as aioredis

from services.upload.actions.append_to_upload import SentPiece, append_to_upload
from services.upload.actions.finish_upload import get_own_upload, progress_of
from services.upload.actions.give_up_upload import give_up_upload
from services.upload.actions.open_upload import open_upload
from services.upload.actions.receive_photo import PICTURE_BYTES_MAX, DigestMismatch, PictureTooLarge
from services.upload.actions.sweep_store import SweepRules, sweep_store
from services.upload.domain.picture_kinds import NotAnImage
from services.upload.domain.uploads import NewUpload, OffsetMismatch, OpenUpload, ParkingLimits
from services.upload.store.objects import Objects, piece_key
from services.upload.store.uploads import Piece, append_piece, piece_keys
from services.upload.store.uploads_under_way import UploadsUnderWay
from shared.caching.redis_guard import RedisGuard
from shared.contracts.photos import Upload
from shared.errors import Invalid, NotFound
from shared.sharding.idempotency import IdempotentRequest, begin_once
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.absent_redis import redis_that_is_away
from tests.upload.cast import Cast, new_id, room_for_all
from tests.upload.pictures import small_jpeg

_AGE = parse_query(
    "age", "UPDATE :schema.upload SET touched_at = now() - interval '25 hours' WHERE id = :id"
)


class Sender:
    """A person who is uploading a picture."""

    def __init__(
        self, group: ShardGroup, objects: Objects, under_way: UploadsUnderWay, content: bytes
    ) -> None:
        self.owner_id = new_id()
        self.content = content
        self.sha256: bytes | None = None
        self.id = 0
        self.limits = ParkingLimits(uploads_max=10, bytes_max=200_000_000)
        self._group = group
        self._objects = objects
        self._under_way = under_way

    async def begins(self, length: int | None = None, key: str | None = None) -> Upload:
        size = len(self.content) if length is None else length
        new = NewUpload(self.owner_id, size, "", self.sha256)
        upload = await open_upload(self._group, room_for_all(self._group), new, key, self.limits)
        self.id = upload["id"]
        return upload

    async def sends(self, start: int, end: int, *, again: bool = False) -> Upload:
        sent = SentPiece(self.owner_id, self.id, start, self.content[start:end], is_repeated=again)
        return await append_to_upload(self._group, self._objects, self._under_way, sent)

    async def gives_up(self, *, as_somebody_else: bool = False) -> None:
        owner_id = new_id() if as_somebody_else else self.owner_id
        await give_up_upload(self._group, self._objects, self._under_way, owner_id, self.id)

    async def asks(self) -> Upload:
        upload = await get_own_upload(self._group, self.id, self.owner_id)
        return await progress_of(self._group, self._objects, upload)


class Behind(UploadsUnderWay):
    """A Redis that knows only the first piece of an upload."""

    async def keep(self, upload: OpenUpload) -> None:
        if await self.find(upload.owner_id, upload.id) is None:
            await super().keep(upload)

    async def forget(self, owner_id: int, upload_id: int) -> None:
        pass


class Emptied(UploadsUnderWay):
    """A Redis that has lost everything before each call."""

    async def find(self, owner_id: int, upload_id: int) -> OpenUpload | None:
        await self._redis.delete(f"uploads:{owner_id}")
        return await super().find(owner_id, upload_id)


def _away(_redis: aioredis.Redis, guard: RedisGuard) -> UploadsUnderWay:
    return UploadsUnderWay(redis_that_is_away(), guard)


@pytest.fixture(params=[UploadsUnderWay, Emptied, Behind, _away], ids=lambda kind: kind.__name__)
def under_way(request: pytest.FixtureRequest, redis: aioredis.Redis) -> UploadsUnderWay:
    """Each state of Redis, under which all tests must give the same results."""
    made: UploadsUnderWay = request.param(redis, RedisGuard())
    return made


@pytest.fixture
def alice(group: ShardGroup, objects: Objects, under_way: UploadsUnderWay) -> Sender:
    return Sender(group, objects, under_way, small_jpeg())


async def test_the_pieces_become_the_picture_that_was_sent(
    alice: Sender, cast: Cast, objects: Objects, group: ShardGroup
) -> None:
    await alice.begins()
    size = len(alice.content)
    assert (await alice.sends(0, 100))["offset"] == 100
    assert (await alice.sends(100, size // 2))["photo"] is None
    keys = await piece_keys(group, alice.id)
    done = await alice.sends(size // 2, size)
    assert done["photo"] is not None
    assert done["photo"]["sha256"] == hashlib.sha256(alice.content).hexdigest()
    assert (await cast.processes(done["photo"]["id"])).state == "ready"
    for key in keys:
        with pytest.raises(NotFound):
            await objects.read(key, print)


async def test_repeated_bytes_change_nothing(alice: Sender) -> None:
    await alice.begins()
    size = len(alice.content)
    first = await alice.sends(0, 100)
    assert await alice.sends(0, 100, again=True) == first
    done = await alice.sends(100, size)
    again = await alice.sends(100, size, again=True)
    assert again["photo"] is not None
    assert done["photo"] is not None
    assert again["photo"]["id"] == done["photo"]["id"]
    assert (await alice.asks())["photo"] == again["photo"]


@pytest.mark.parametrize("again", [False, True])
async def test_a_finished_upload_accepts_no_other_bytes(alice: Sender, again: bool) -> None:
    await alice.begins()
    size = len(alice.content)
    await alice.sends(0, 100)
    done = await alice.sends(100, size)
    for start, end in ((0, 99), (50, 100), (100, size - 1), (1, size), (0, 0)):
        with pytest.raises(OffsetMismatch):
            await alice.sends(start, end, again=again)
    alice.content += b"more"
    with pytest.raises(PictureTooLarge):
        await alice.sends(size, size + 4, again=again)
    assert (await alice.sends(size, size, again=again))["photo"] == done["photo"]
    assert await alice.asks() == done


async def test_bytes_that_are_there_are_accepted_only_from_a_repeated_call(alice: Sender) -> None:
    await alice.begins()
    size = len(alice.content)
    await alice.sends(0, 100)
    with pytest.raises(OffsetMismatch):
        await alice.sends(0, 100)
    await alice.sends(100, size)
    with pytest.raises(OffsetMismatch):
        await alice.sends(100, size)


async def test_bytes_for_a_deleted_or_too_short_upload_are_refused(alice: Sender) -> None:
    await alice.begins(200)
    await alice.sends(0, 100)
    await alice.sends(100, 150)
    with pytest.raises(PictureTooLarge):
        await alice.sends(150, 300)
    assert (await alice.asks())["offset"] == 150
    await alice.gives_up()
    for start in (100, 150):
        with pytest.raises(NotFound):
            await alice.sends(start, start + 10)


async def test_a_refused_piece_leaves_no_object(alice: Sender, objects: Objects) -> None:
    await alice.begins()
    await alice.sends(0, 100)
    await alice.sends(100, 200)
    with pytest.raises(OffsetMismatch):
        await alice.sends(100, 300)
    assert len(await objects.keys_of_originals(alice.owner_id, 10)) == 2


async def test_bytes_at_another_offset_are_refused(alice: Sender) -> None:
    await alice.begins()
    await alice.sends(0, 100)
    for start, end in ((50, 150), (101, 200), (0, 99), (0, 0)):
        with pytest.raises(OffsetMismatch):
            await alice.sends(start, end)
    assert (await alice.asks())["offset"] == 100


async def test_one_of_many_concurrent_appends_succeeds(alice: Sender) -> None:
    await alice.begins()
    ends = range(70, 78)
    outcomes = await asyncio.gather(*(alice.sends(0, end) for end in ends), return_exceptions=True)
    moved = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(moved) == 1
    assert all(isinstance(o, OffsetMismatch) for o in outcomes if isinstance(o, BaseException))
    assert (await alice.asks())["offset"] == moved[0]["offset"]


async def test_concurrent_last_pieces_make_one_photo(alice: Sender) -> None:
    await alice.begins()
    size = len(alice.content)
    await alice.sends(0, size - 1)
    outcomes = await asyncio.gather(
        *(alice.sends(size - 1, size) for _ in range(5)), return_exceptions=True
    )
    made = {o["photo"]["id"] for o in outcomes if isinstance(o, dict) and o["photo"]}
    assert len(made) <= 1
    photo = (await alice.asks())["photo"]
    assert photo is not None
    assert made <= {photo["id"]}


async def _bring_all(alice: Sender, group: ShardGroup, objects: Objects) -> None:
    """All bytes are here, but the process ended before it made the photo."""
    await alice.begins()
    content = alice.content
    key, sha256 = piece_key(alice.owner_id), hashlib.sha256(content).digest()
    await objects.put_file(key, io.BytesIO(content), len(content))
    async with group.writer(group.shard_of(alice.id)) as tx:
        assert await append_piece(tx, Piece(alice.id, 0, len(content), sha256, key))


async def test_all_who_ask_at_the_end_get_the_photo(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    await _bring_all(alice, group, objects)
    asked = await asyncio.gather(*(alice.asks() for _ in range(6)))
    assert len({upload["photo"]["id"] for upload in asked if upload["photo"]}) == 1
    assert all(upload["photo"] for upload in asked)


async def test_who_asks_waits_for_a_call_that_fails_to_make_the_photo(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    await _bring_all(alice, group, objects)
    sha256 = hashlib.sha256(alice.content).digest()
    other = IdempotentRequest(
        f"photos/{alice.owner_id}", f"upload {alice.id}", sha256, group.shard_of(alice.owner_id)
    )
    with suppress(ConnectionError):
        async with begin_once(group, other):
            asking = asyncio.create_task(alice.asks())
            await asyncio.wait([asking], timeout=0.05)
            assert not asking.done()
            raise ConnectionError
    assert (await asking)["photo"] is not None


async def test_an_upload_deleted_at_its_end_is_gone(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    await _bring_all(alice, group, objects)
    whole = await get_own_upload(group, alice.id, alice.owner_id)
    await alice.gives_up()
    with pytest.raises(NotFound):
        await progress_of(group, objects, whole)


async def test_bytes_that_are_no_picture_are_refused_at_their_start_or_end(
    group: ShardGroup, objects: Objects, under_way: UploadsUnderWay
) -> None:
    words = Sender(group, objects, under_way, b"Just words, and more of them. " * 10)
    await words.begins()
    with pytest.raises(NotAnImage):
        await words.sends(0, 200)
    assert (await words.asks())["offset"] == 0
    await words.sends(0, 10)
    with pytest.raises(NotAnImage):
        await words.sends(10, len(words.content))
    with pytest.raises(NotFound):
        await words.asks()


async def test_lengths_are_bounded(alice: Sender) -> None:
    with pytest.raises(PictureTooLarge):
        await alice.begins(PICTURE_BYTES_MAX + 1)
    with pytest.raises(Invalid):
        await alice.begins(0)
    await alice.begins(50)
    with pytest.raises(PictureTooLarge):
        await alice.sends(0, 51)


async def test_the_same_key_begins_one_upload(alice: Sender) -> None:
    assert await alice.begins(key="k") == await alice.begins(key="k")


async def test_the_same_key_tells_what_has_arrived(alice: Sender) -> None:
    size = len(alice.content)
    await alice.begins(key="k")
    await alice.sends(0, 70)
    assert (await alice.begins(key="k"))["offset"] == 70
    done = await alice.sends(70, size)
    again = await alice.begins(key="k")
    assert (again["offset"], again["photo"]) == (size, done["photo"])


async def test_the_key_of_a_deleted_upload_finds_nothing(alice: Sender) -> None:
    await alice.begins(key="k")
    await alice.gives_up()
    with pytest.raises(NotFound):
        await alice.begins(key="k")
    assert (await alice.begins(key="another"))["offset"] == 0


async def test_only_the_owner_sees_or_deletes_an_upload(alice: Sender, group: ShardGroup) -> None:
    await alice.begins()
    await alice.sends(0, 100)
    with pytest.raises(NotFound):
        await get_own_upload(group, alice.id, new_id())
    await alice.gives_up(as_somebody_else=True)
    assert (await alice.sends(100, len(alice.content)))["photo"] is not None


async def test_a_deleted_upload_leaves_nothing(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    await alice.begins()
    await alice.sends(0, 100)
    (key,) = await piece_keys(group, alice.id)
    for _time in range(2):
        await alice.gives_up()
    with pytest.raises(NotFound):
        await objects.read(key, print)
    with pytest.raises(NotFound):
        await alice.asks()


async def test_an_abandoned_upload_is_swept(
    alice: Sender, group: ShardGroup, objects: Objects
) -> None:
    await alice.begins()
    kept = alice.id
    await alice.begins()
    async with group.writer(group.shard_of(alice.id)) as tx:
        await tx.execute(_AGE, id=alice.id)
    now = datetime.now(UTC)
    rules = SweepRules(prefixes=(), is_dry=True)
    assert (await sweep_store(group, objects, now, rules)).uploads >= 1
    assert (await alice.asks())["offset"] == 0
    assert (await sweep_store(group, objects, now, replace(rules, is_dry=False))).uploads >= 1
    with pytest.raises(NotFound):
        await alice.asks()
    alice.id = kept
    assert (await alice.asks())["offset"] == 0


async def test_pieces_with_another_digest_make_no_photo(alice: Sender) -> None:
    alice.sha256 = hashlib.sha256(b"another picture").digest()
    await alice.begins()
    with pytest.raises(DigestMismatch):
        await alice.sends(0, len(alice.content))
    with pytest.raises(NotFound):
        await alice.asks()


async def test_a_repeated_upload_with_its_digest_becomes_the_same_photo(alice: Sender) -> None:
    alice.sha256 = hashlib.sha256(alice.content).digest()
    await alice.begins()
    first = await alice.sends(0, len(alice.content))
    await alice.begins()
    second = await alice.sends(0, len(alice.content))
    assert first["id"] != second["id"]
    assert first["photo"] == second["photo"]

"""A photo is made ready once, whatever interrupts the process."""

import asyncio
from dataclasses import replace

import pytest

from services.upload.actions.process_photo import process_photo
from services.upload.clients.workshop import Workshop
from services.upload.domain.photos import StoredPhoto
from services.upload.resources import open_resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import Objects, StoreUnavailable
from services.upload.store.photos import find_photo
from shared.errors import NotFound, Unavailable
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, new_id
from tests.upload.pictures import hollow_png, jpeg, photograph, small_jpeg, twelve_megapixels


async def is_stored(objects: Objects, photo: StoredPhoto, file: str) -> bool:
    try:
        async with objects.open_rendition(photo.id, file):
            return True
    except NotFound:
        return False


async def original_of(group: ShardGroup, photo_id: int) -> str:
    photo = await find_photo(group, photo_id)
    assert photo is not None
    assert photo.quarantine_key is not None
    return photo.quarantine_key


async def has_original(objects: Objects, key: str) -> bool:
    taken: list[bytes] = []
    try:
        await objects.read(key, taken.append)
    except NotFound:
        return False
    return True


async def test_a_phones_picture_becomes_upright_and_its_original_is_deleted(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    sent = await cast.sends(new_id(), twelve_megapixels())
    original = await original_of(group, sent["id"])
    assert await has_original(objects, original)
    photo = await cast.processes(sent["id"])
    assert (photo.state, photo.width, photo.height) == ("ready", 3000, 4000)
    assert photo.quarantine_key is None
    assert not await has_original(objects, original)
    large = photo.renditions[0]
    assert (large["width"], large["height"]) == (1080, 1440)
    assert await is_stored(objects, photo, large["key"].rpartition("/")[2])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (small_jpeg()[:5000], "damaged"),
        (hollow_png(9000, 9000), "has 81,000,000 pixels (9,000 by 9,000)"),
        (hollow_png(65_501, 5), "is 65,501 pixels long"),
        (b"\xff\xd8\xff" + b"nonsense" * 99, "not a picture"),
    ],
)
async def test_a_bad_picture_fails_with_a_reason_and_its_original_is_deleted(
    group: ShardGroup, objects: Objects, cast: Cast, content: bytes, sentence: str
) -> None:
    sent = await cast.sends(new_id(), content)
    original = await original_of(group, sent["id"])
    photo = await cast.processes(sent["id"])
    assert photo.state == "failed"
    assert photo.failure is not None
    assert sentence in photo.failure
    assert not await has_original(objects, original)


async def test_processing_a_second_time_changes_nothing(cast: Cast) -> None:
    photo = await cast.has_photo(new_id())
    assert await cast.processes(photo.id) == photo


async def test_a_try_interrupted_before_its_commit_is_repeated_with_the_same_result(
    group: ShardGroup, objects: Objects, workshop: Workshop, cast: Cast
) -> None:
    sent = await cast.sends(new_id(), jpeg(photograph(1500, 1200)))
    for step in ("read", "put_renditions", "delete"):
        with pytest.raises(StoreUnavailable):
            await process_photo(group, FailingStore(objects, step), workshop, sent["id"])
    photo = await cast.processes(sent["id"])
    assert (photo.state, photo.quarantine_key) == ("ready", None)


async def test_two_concurrent_workers_make_one_photo(cast: Cast) -> None:
    sent = await cast.sends(new_id())
    first, second = await asyncio.gather(cast.processes(sent["id"]), cast.processes(sent["id"]))
    assert replace(first, quarantine_key=None) == replace(second, quarantine_key=None)
    assert first.state == "ready"


async def test_while_the_decoder_is_away_the_photo_waits(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    sent = await cast.sends(new_id())
    away = Workshop("/bin/false", 1)
    with pytest.raises(Unavailable):
        await process_photo(group, objects, away, sent["id"])
    await away.close()
    assert (await cast.processes(sent["id"])).state == "ready"


async def test_a_photo_whose_original_was_lost_fails_instead_of_waiting_for_ever(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    sent = await cast.sends(new_id())
    await objects.delete([await original_of(group, sent["id"])])
    photo = await cast.processes(sent["id"])
    assert photo.failure == "The picture was lost on our side; please send it again."


async def test_a_missing_photo_is_no_error(
    group: ShardGroup, objects: Objects, workshop: Workshop
) -> None:
    await process_photo(group, objects, workshop, new_id())


async def test_an_unreachable_store_raises_unavailable_rather_than_not_found(
    settings: UploadSettings,
) -> None:
    nowhere = settings.model_copy(update={"s3_endpoint_url": "https://127.0.0.1:9"})
    async with open_resources(nowhere) as resources:
        with pytest.raises(StoreUnavailable):
            await resources.objects.read("quarantine/1/2", print)


class FailingStore(Objects):
    """A store that goes away directly after one of its steps."""

    def __init__(self, real: Objects, step: str) -> None:
        super().__init__(real._client, real._bucket)
        self._step = step

    async def read(self, *arguments: object) -> None:
        await super().read(*arguments)  # type: ignore[arg-type]
        self._fail_after("read")

    async def put_renditions(self, *arguments: object) -> None:
        await super().put_renditions(*arguments)  # type: ignore[arg-type]
        self._fail_after("put_renditions")

    async def delete(self, *arguments: object) -> None:
        await super().delete(*arguments)  # type: ignore[arg-type]
        self._fail_after("delete")

    def _fail_after(self, step: str) -> None:
        if step == self._step:
            raise StoreUnavailable

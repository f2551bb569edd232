"""A costly picture finishes within a budget and delays no other photo."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from functools import partial

import pytest

from services.upload.actions import process_photo as module
from services.upload.actions import receive_photo
from services.upload.actions.process_photo import PROCESS_COSTLY_JOB, process_photo
from services.upload.clients.decoder import DecoderStalled, DecoderUnavailable
from services.upload.clients.media_caches import MediaCaches
from services.upload.clients.workshop import Workshop
from services.upload.domain import decoding_budget
from services.upload.domain.decoding_budget import SECONDS_IN_ALL
from services.upload.domain.photos import StoredPhoto
from services.upload.domain.picture_faults import PictureFault
from services.upload.resources import WorkerResources
from services.upload.store.objects import Objects, StoreUnavailable
from services.upload.store.photos import find_photo
from services.upload.store.polled_photos import PolledPhotos
from services.upload.worker import run
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.upload.actions.test_process_photo import FailingStore
from tests.upload.cast import Cast, new_id
from tests.upload.decoder.hostile_pictures import (
    HostileDecoder,
    ImpatientDecoder,
    is_decoding,
    picture_that,
)
from tests.upload.fake_feed import FakeFeed
from tests.upload.pictures import small_jpeg

_SPENT = parse_query("charged", "SELECT decode_cpu_ms FROM :schema.photo WHERE id = :id")


class Costly:
    """Photos whose pictures behave as named, and the two lanes that process them."""

    def __init__(self, group: ShardGroup, objects: Objects, cast: Cast, workshop: Workshop) -> None:
        self._group = group
        self._objects = objects
        self._cast = cast
        self.workshop = workshop

    async def sends(self, does: str) -> int:
        return (await self._cast.sends(new_id(), picture_that(does)))["id"]

    async def processes(self, photo_id: int, *, is_costly: bool) -> StoredPhoto:
        await process_photo(
            self._group, self._objects, self.workshop, photo_id, is_costly=is_costly
        )
        photo = await find_photo(self._group, photo_id)
        assert photo is not None
        return photo

    async def spent_ms(self, photo_id: int) -> int:
        reader = self._group.reader(self._group.shard_of(photo_id))
        charged: int = await reader.value(_SPENT, id=photo_id)
        return charged


@pytest.fixture
async def costly(
    group: ShardGroup,
    objects: Objects,
    cast: Cast,
    decoder_python: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Costly]:
    monkeypatch.setattr("services.upload.clients.workshop.Decoder", HostileDecoder)
    workshop = Workshop(decoder_python, 1)
    yield Costly(group, objects, cast, workshop)
    await workshop.close()


async def test_a_picture_beyond_the_first_budget_is_ready_within_the_second(costly: Costly) -> None:
    photo_id = await costly.sends("takes 1.5 s")
    photo = await costly.processes(photo_id, is_costly=False)
    assert photo.state == "processing"
    assert photo.quarantine_key is not None
    assert (await costly.processes(photo_id, is_costly=True)).state == "ready"


async def test_a_picture_that_never_finishes_fails_and_its_original_is_deleted(
    costly: Costly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_budget, "_COSTLY_SECONDS", 2)
    photo_id = await costly.sends("spins")
    await costly.processes(photo_id, is_costly=False)
    photo = await costly.processes(photo_id, is_costly=True)
    assert (photo.state, photo.failure) == ("failed", PictureFault.TOO_COSTLY.value)
    assert photo.quarantine_key is None
    assert await costly.spent_ms(photo_id) == 3_000


async def test_killed_tries_count_towards_the_budget_until_it_is_spent(
    costly: Costly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_IN_ALL", 2)
    photo_id = await costly.sends("spins")
    await costly.workshop.warm_up()
    for tries in (1, 2):
        work = asyncio.ensure_future(costly.processes(photo_id, is_costly=False))
        decoder = costly.workshop._decoders[0]
        await eventually(partial(is_decoding, decoder))
        os.kill(decoder.process_id, signal.SIGKILL)
        with pytest.raises(DecoderUnavailable):
            await work
        assert await costly.spent_ms(photo_id) == tries * 1_000
        await costly.workshop.warm_up()
    assert (await costly.processes(photo_id, is_costly=False)).state == "failed"


@pytest.mark.parametrize("step", ["read", "put_renditions"])
async def test_tries_without_the_store_cost_only_what_they_used(
    costly: Costly, group: ShardGroup, objects: Objects, step: str
) -> None:
    photo_id = await costly.sends("takes no time")
    for _ in range(SECONDS_IN_ALL + 1):
        with pytest.raises(StoreUnavailable):
            await process_photo(group, FailingStore(objects, step), costly.workshop, photo_id)
    assert await costly.spent_ms(photo_id) < (SECONDS_IN_ALL + 1) * 100
    assert (await costly.processes(photo_id, is_costly=False)).state == "ready"


async def test_a_cancelled_try_costs_only_what_it_used(costly: Costly) -> None:
    photo_id = await costly.sends("hangs")
    await costly.workshop.warm_up()
    work = asyncio.ensure_future(costly.processes(photo_id, is_costly=True))
    await eventually(partial(is_decoding, costly.workshop._decoders[0]))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await costly.spent_ms(photo_id) < 1_000


async def test_a_picture_that_hangs_is_handed_over_and_finally_fails(
    costly: Costly, decoder_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.upload.clients.workshop.Decoder", ImpatientDecoder)
    monkeypatch.setattr(decoding_budget, "_COSTLY_SECONDS", 1)
    monkeypatch.setattr(module, "SECONDS_IN_ALL", 2)
    costly.workshop = Workshop(decoder_python, 1)
    photo_id = await costly.sends("hangs")
    assert (await costly.processes(photo_id, is_costly=False)).state == "processing"
    with pytest.raises(DecoderStalled):
        await costly.processes(photo_id, is_costly=True)
    assert (await costly.processes(photo_id, is_costly=True)).state == "failed"
    await costly.workshop.close()


async def test_ordinary_photos_continue_while_a_costly_one_hangs(
    costly: Costly,
    group: ShardGroup,
    objects: Objects,
    caches: MediaCaches,
    polled: PolledPhotos,
    workshop: Workshop,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        # Pretend that the first try handed it over; a real decoder would have refused it.
        patched.setattr(receive_photo, "job_for", lambda _kind: PROCESS_COSTLY_JOB)
        await costly.sends("hangs")
    stop = asyncio.Event()
    resources = WorkerResources(
        group, objects, caches, polled, workshop, costly.workshop, 2, FakeFeed().client()
    )
    loops = asyncio.ensure_future(run(resources, stop))
    try:
        await eventually(partial(is_decoding, costly.workshop._decoders[0]), within_s=20)
        good = [(await cast.sends(new_id(), small_jpeg()))["id"] for _ in range(6)]

        async def are_ready() -> None:
            for photo_id in good:
                photo = await find_photo(group, photo_id)
                assert photo is not None
                assert photo.state == "ready"

        await eventually(are_ready, within_s=30)
        is_decoding(costly.workshop._decoders[0])
    finally:
        loops.cancel()
        await asyncio.wait({loops})

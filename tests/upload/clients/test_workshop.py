"""Pictures from received bytes to renditions, in parallel, with decoders that die."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from services.upload.clients.decoder import Decoder, DecoderUnavailable
from services.upload.clients.memory_files import MemoryFile
from services.upload.clients.workshop import Workshop
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.picture_faults import PictureRefused
from services.upload.domain.picture_kinds import PictureKind
from services.upload.domain.renditions import DrawnPhoto
from tests.eventually import eventually
from tests.upload import pictures
from tests.upload.decoder.hostile_pictures import HostileDecoder, is_decoding, picture_that
from tests.upload.domain.test_renditions import PLAIN_SEGMENTS


async def develop(workshop: Workshop, content: bytes, kind: PictureKind) -> DrawnPhoto:
    with MemoryFile("original") as original:
        original.append(content)
        original.seal_content()
        return (await workshop.develop(original, kind, CpuBudget(5))).drawn


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (pictures.garrulous_jpeg(), PictureKind.JPEG),
        (pictures.garrulous_png(), PictureKind.PNG),
        (pictures.twelve_megapixels(), PictureKind.JPEG),
    ],
    ids=["jpeg", "png", "phone"],
)
async def test_no_metadata_of_the_original_is_in_a_rendition(
    workshop: Workshop, content: bytes, kind: PictureKind
) -> None:
    assert b"secret" in content
    drawn = await develop(workshop, content, kind)
    for rendition in drawn.renditions:
        assert set(pictures.segments_of(rendition.content)) == PLAIN_SEGMENTS
        for word in (b"secret", b"Acme", b"Exif", b"2026", b"GPS"):
            assert word not in rendition.content


async def test_renditions_are_far_smaller_than_a_phones_picture(workshop: Workshop) -> None:
    content = pictures.twelve_megapixels()
    drawn = await develop(workshop, content, PictureKind.JPEG)
    assert (drawn.size.width, drawn.size.height) == (3000, 4000)
    assert sum(len(r.content) for r in drawn.renditions) <= 0.15 * len(content)


async def test_more_pictures_than_slots_are_all_developed(workshop: Workshop) -> None:
    content = pictures.small_jpeg()
    drawn = await asyncio.gather(*(develop(workshop, content, PictureKind.JPEG) for _ in range(12)))
    assert len({photo.thumbhash for photo in drawn}) == 1


async def test_a_bad_picture_does_not_affect_good_ones(workshop: Workshop) -> None:
    good, bad = pictures.small_jpeg(), pictures.small_jpeg()[:3000]
    outcomes = await asyncio.gather(
        *(develop(workshop, c, PictureKind.JPEG) for c in (good, bad, good, bad, good)),
        return_exceptions=True,
    )
    assert [isinstance(outcome, PictureRefused) for outcome in outcomes] == [
        False,
        True,
        False,
        True,
        False,
    ]


async def test_the_event_loop_stays_free_while_a_bomb_is_decoded(workshop: Workshop) -> None:
    bomb = pictures.hollow_png(7000, 7000)
    work = asyncio.ensure_future(develop(workshop, bomb, PictureKind.PNG))
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.wait([work], timeout=0.002)
    with pytest.raises(PictureRefused):
        await work
    assert turns > 3


async def test_cancelling_a_picture_reports_what_it_used(
    decoder_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.upload.clients.workshop.Decoder", HostileDecoder)
    workshop = Workshop(decoder_python, 1)
    await workshop.warm_up()
    budget = CpuBudget(5)
    with MemoryFile("original") as original:
        original.append(picture_that("spins"))
        original.seal_content()
        work = asyncio.ensure_future(workshop.develop(original, PictureKind.JPEG, budget))
        try:
            await eventually(partial(is_decoding, workshop._decoders[0]))
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert budget.spent_ms is not None
            assert budget.spent_ms < 5_000
        finally:
            await workshop.close()


async def test_a_picture_cancelled_before_its_turn_used_nothing(
    decoder_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.upload.clients.workshop.Decoder", HostileDecoder)
    workshop = Workshop(decoder_python, 1)
    await workshop.warm_up()
    first, second = CpuBudget(5), CpuBudget(5)
    with MemoryFile("original") as original:
        original.append(picture_that("spins"))
        original.seal_content()
        works = [
            asyncio.ensure_future(workshop.develop(original, PictureKind.JPEG, budget))
            for budget in (first, second)
        ]
        await eventually(partial(is_decoding, workshop._decoders[0]))
        works[1].cancel()
        works[0].cancel()
        await asyncio.wait(works)
        await workshop.close()
    assert second.spent_ms == 0


def source_of(content: bytes) -> MemoryFile:
    source = MemoryFile("source")
    source.append(content)
    source.seal_content()
    return source


def test_a_decoder_that_was_killed_starts_again(decoder_python: str) -> None:
    decoder = Decoder(decoder_python)
    decoder.start()
    with source_of(pictures.small_jpeg()) as source:
        try:
            os.kill(decoder.process_id, signal.SIGKILL)
            with pytest.raises(DecoderUnavailable):
                decoder.decode(source, PictureFormat.JPEG, 1080, CpuBudget(5))
            assert decoder.decode(source, PictureFormat.JPEG, 1080, CpuBudget(5)).width == 800
        finally:
            decoder.stop()


def test_a_picture_finds_nothing_of_the_previous_one(decoder_python: str) -> None:
    decoder = Decoder(decoder_python)
    try:
        with source_of(pictures.small_jpeg()) as source:
            before = decoder.decode(source, PictureFormat.JPEG, 1080, CpuBudget(5)).pixels
        assert any(before)
        damaged = pictures.hollow_png(7000, 7000)
        with source_of(damaged) as source, pytest.raises(PictureRefused):
            decoder.decode(source, PictureFormat.PNG, 1080, CpuBudget(5))
        assert not any(before)
    finally:
        decoder.stop()


def test_a_decoder_that_cannot_start_raises_decoder_unavailable() -> None:
    with pytest.raises(DecoderUnavailable, match="did not start"):
        Decoder("/bin/false").start()


def test_a_missing_program_raises_decoder_unavailable() -> None:
    with pytest.raises(DecoderUnavailable, match="did not start"):
        Decoder("/nonexistent/python").start()


def test_the_decoder_inherits_no_environment_and_no_descriptor(decoder_python: str) -> None:
    decoder = Decoder(decoder_python)
    with MemoryFile("secret") as secret:
        os.set_inheritable(secret.descriptor, True)
        decoder.start()
        try:
            process = Path(f"/proc/{decoder.process_id}")
            # The C library splits its own variable at the colons.
            said = (process / "environ").read_bytes().rstrip(b"\0").split(b"\0")
            assert said[0].startswith(b"GLIBC_TUNABLES=")
            assert all(piece.startswith(b"glibc.malloc.") for piece in said[1:])
            held = [str(number.readlink()) for number in (process / "fd").iterdir()]
            assert not [name for name in held if "secret" in name]
        finally:
            decoder.stop()


def test_memory_mapped_by_the_worker_cannot_be_shortened() -> None:
    with MemoryFile("pixels") as pixels:
        pixels.reserve(1000)
        with pytest.raises(PermissionError):
            os.ftruncate(pixels.descriptor, 10)


def test_a_sealed_source_cannot_be_changed() -> None:
    with source_of(b"bytes") as source, pytest.raises(PermissionError):
        os.write(source.descriptor, b"x")

"""Every file gets its expected outcome, and renditions hold only pixels."""

import asyncio
import subprocess

import pytest

from infra.run_folder import REPOSITORY
from services.upload.clients.memory_files import MemoryFile
from services.upload.clients.workshop import Workshop
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.picture_faults import PictureRefused
from services.upload.domain.picture_kinds import SNIFFED_BYTES, KindNotTaken, NotAnImage, kind_of
from services.upload.domain.renditions import DrawnPhoto
from tests.upload.corpus.files import GROUPS, CorpusFile, written_elsewhere
from tests.upload.domain.test_renditions import PLAIN_SEGMENTS
from tests.upload.pictures import BLUE, GREEN, RED, WHITE, opened, segments_of

ELSEWHERE = [
    (kind, mode, turn)
    for kind in ("WEBP", "HEIF", "AVIF")
    for mode, turn in (("RGB", 1), ("RGB", 6), ("RGBA", 1))
]


def test_the_corpus_is_large_and_its_file_names_are_unique() -> None:
    names = [file.name for files in GROUPS.values() for file in files()]
    assert len(set(names)) == len(names)
    assert len(names) + len(ELSEWHERE) >= 200


async def _developed(workshop: Workshop, content: bytes) -> DrawnPhoto:
    kind = kind_of(content[:SNIFFED_BYTES])
    with MemoryFile("original") as original:
        original.append(content)
        original.seal_content()
        return (await workshop.develop(original, kind, CpuBudget(5))).drawn


async def _answer(workshop: Workshop, file: CorpusFile) -> DrawnPhoto | object:
    try:
        return await _developed(workshop, file.content)
    except (NotAnImage, KindNotTaken) as refusal:
        return type(refusal)
    except PictureRefused as refusal:
        return refusal.fault


def _check_corners(picture_bytes: bytes) -> None:
    picture = opened(picture_bytes)
    right, bottom = picture.width * 4 // 5, picture.height * 4 // 5
    left, top = picture.width // 5, picture.height // 5
    for place, colour in {
        (left, top): RED,
        (right, top): GREEN,
        (left, bottom): BLUE,
        (right, bottom): WHITE,
    }.items():
        found = picture.getpixel(place)
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 40, (place, found)


@pytest.mark.parametrize("group", GROUPS)
async def test_every_file_of_a_group_gets_its_expected_outcome(
    workshop: Workshop, group: str
) -> None:
    wrong = {}
    for file in GROUPS[group]():
        answer = await _answer(workshop, file)
        fault = _fault_of(answer, file)
        if fault is not None:
            wrong[file.name] = fault
    assert not wrong


def _fault_of(answer: DrawnPhoto | object, file: CorpusFile) -> object | None:
    """What is wrong with the outcome, if anything."""
    if not isinstance(answer, DrawnPhoto):
        return None if answer is (file.door or file.fault) else answer
    if file.size is None:
        return "it was taken"
    try:
        _check_drawn(answer, file)
    except AssertionError as error:
        return error
    return None


def _written(decoder_python: str, kind: str, mode: str, turn: int) -> bytes:
    words = [kind, "640", "480", mode, str(turn)]
    write = [decoder_python, "-m", "tests.upload.decoder.other_formats", *words]
    return subprocess.check_output(write, cwd=REPOSITORY)


@pytest.mark.parametrize(("kind", "mode", "turn"), ELSEWHERE)
async def test_a_file_of_another_environment_gets_its_expected_outcome(
    workshop: Workshop, decoder_python: str, kind: str, mode: str, turn: int
) -> None:
    content = await asyncio.to_thread(_written, decoder_python, kind, mode, turn)
    size = (480, 640) if turn == 6 else (640, 480)
    file = written_elsewhere(f"{kind} {mode} turn {turn}", content, size)
    answer = await _answer(workshop, file)
    assert _fault_of(answer, file) is None


def _check_drawn(drawn: DrawnPhoto, file: CorpusFile) -> None:
    assert (drawn.size.width, drawn.size.height) == file.size
    for rendition in drawn.renditions:
        assert set(segments_of(rendition.content)) == PLAIN_SEGMENTS
        for word in (b"secret", b"Acme", b"Exif", b"2026", b"GPS", b"http"):
            assert word not in rendition.content
        if file.has_corners and rendition.name != "thumb":
            _check_corners(rendition.content)

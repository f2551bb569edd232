"""A budget of processor time means the same on a busy machine."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.upload.clients.decoder import DecoderStalled
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import BudgetSpent, CpuBudget
from tests.upload import pictures
from tests.upload.decoder.hostile_pictures import (
    HostileDecoder,
    ImpatientDecoder,
    picture_that,
)


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Two loops per processor that never yield."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * len(os.sched_getaffinity(0)))
    ]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def _decode(decoder: HostileDecoder, content: bytes, budget: CpuBudget) -> None:
    with MemoryFile("source") as source:
        source.append(content)
        source.seal_content()
        try:
            decoder.decode(source, PictureFormat.JPEG, 1080, budget)
        finally:
            decoder.stop()


@pytest.mark.usefixtures("busy_machine")
def test_a_costly_picture_is_ended_by_processor_time_and_not_by_the_clock(
    decoder_python: str,
) -> None:
    budget = CpuBudget(1)
    with pytest.raises(BudgetSpent):
        _decode(HostileDecoder(decoder_python), picture_that("spins"), budget)
    assert budget.spent_ms is not None
    # The kernel's limit counts ticks, while its usage measures time; on a busy machine they differ.
    assert 500 <= budget.spent_ms <= 2_000


@pytest.mark.usefixtures("busy_machine")
def test_a_picture_within_its_budget_is_decoded_even_if_it_takes_long(decoder_python: str) -> None:
    budget = CpuBudget(2)
    _decode(HostileDecoder(decoder_python), picture_that("takes 1.5 s"), budget)
    assert budget.spent_ms is not None
    assert 1_500 <= budget.spent_ms <= 2_000


def test_a_picture_that_hangs_is_ended_by_the_clock_and_costs_its_whole_budget(
    decoder_python: str,
) -> None:
    budget = CpuBudget(1)
    with pytest.raises(DecoderStalled):
        _decode(ImpatientDecoder(decoder_python), picture_that("hangs"), budget)
    assert budget.unspent_ms == 0


def test_a_decoder_that_does_not_start_has_used_nothing() -> None:
    budget = CpuBudget(1)
    with pytest.raises(Exception, match="did not start"):
        _decode(HostileDecoder("/bin/false"), pictures.small_jpeg(), budget)
    assert budget.unspent_ms == 1_000

"""Compares what the contained decoder shows with what a picture should show."""

from dataclasses import dataclass

from services.upload.clients.decoder import Decoder
from services.upload.clients.memory_files import MemoryFile
from services.upload.domain.decoding_budget import CpuBudget
from tests.upload.colour.table import Case

_SIDE = 1080
MEAN_MAX, P99_MAX = 2.0, 8


@dataclass(frozen=True)
class Difference:
    """Over all channels of all pixels, of 255."""

    mean: float
    p99: int
    most: int

    @property
    def is_small(self) -> bool:
        """Whether nobody would see it."""
        return self.mean <= MEAN_MAX and self.p99 <= P99_MAX


def shown_by(decoder: Decoder, case: Case, content: bytes) -> bytes:
    """The decoder's rows of RGB, at full size."""
    with MemoryFile("source") as source:
        source.append(content)
        source.seal_content()
        pixels = decoder.decode(source, case.kind, _SIDE, CpuBudget(5)).pixels
    rows = bytearray(len(pixels) // 4 * 3)
    for band in range(3):
        rows[band::3] = pixels[band::4]
    return bytes(rows)


def difference(found: bytes, wanted: bytes) -> Difference:
    """Between two pictures of one size."""
    assert len(found) == len(wanted)
    off = sorted(abs(a - b) for a, b in zip(found, wanted, strict=True))
    return Difference(sum(off) / len(off), off[len(off) * 99 // 100], off[-1])

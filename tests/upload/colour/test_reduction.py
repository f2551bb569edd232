"""Large pictures are reduced and converted, with hard edges that mix as they should."""

from collections.abc import Sequence

import pytest

from services.upload.clients.decoder import Decoder
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from tests.upload.colour import png_cases, reference
from tests.upload.colour.comparison import difference
from tests.upload.colour.png_files import cicp, gama, iccp, png_file, trns
from tests.upload.colour.reference import BT2020_XY, D65, SRGB_XY, Space, by_channel, power
from tests.upload.colour.scene import Srgb, as_is, eight_bits

_SIDE = 32
_REDUCTION = 4
_COLOURS = (
    (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 200, 60), (30, 30, 255), (240, 220, 10),
    (128, 128, 128), (90, 20, 160), (20, 160, 160),
)  # fmt: skip
_PQ = Space(BT2020_XY, D65, reference.pq_to_display).srgb
_HLG = Space(BT2020_XY, D65, reference.hlg_to_display).srgb
_LINEAR = Space(SRGB_XY, D65, by_channel(power(1))).srgb

CONVERSIONS: dict[str, tuple[Srgb, Sequence[tuple[bytes, bytes]]]] = {
    "sRGB": (as_is, []),
    "Display P3": (png_cases.P3, [iccp(png_cases.P3_PROFILE)]),
    "Adobe RGB": (png_cases.ADOBE, [iccp(png_cases.ADOBE_PROFILE)]),
    "ProPhoto": (png_cases.PROPHOTO, [iccp(png_cases.PROPHOTO_PROFILE)]),
    "linear": (_LINEAR, [gama(1.0)]),
    "PQ": (_PQ, [cicp(9, 16)]),
    "HLG": (_HLG, [cicp(9, 18)]),
    "a transparent colour": (as_is, [trns(255, 0, 0)]),
}


def _colour_at(x: int, y: int) -> tuple[int, int, int]:
    # Edges fall at every place within the blocks that become one pixel.
    return _COLOURS[(x // 5 + 2 * (y // 7)) % len(_COLOURS)]


@pytest.mark.parametrize("name", CONVERSIONS)
def test_a_reduced_picture_is_the_mean_of_what_its_pixels_show(decoder: Decoder, name: str) -> None:
    srgb, chunks = CONVERSIONS[name]
    clear = (255, 0, 0) if name == "a transparent colour" else None
    side = _SIDE * _REDUCTION
    rows = [[_colour_at(x, y) for x in range(side)] for y in range(side)]
    shown = {
        colour: (1.0, 1.0, 1.0) if colour == clear else srgb(_from_bytes(colour))
        for colour in _COLOURS
    }
    wanted = b"".join(
        eight_bits(_mean([shown[rows[y + dy][x + dx]] for dy in range(4) for dx in range(4)]))
        for y in range(0, side, _REDUCTION)
        for x in range(0, side, _REDUCTION)
    )
    with MemoryFile("source") as source:
        source.append(png_file(rows, png_cases.COLOUR, 8, chunks))
        source.seal_content()
        decoded = decoder.decode(source, PictureFormat.PNG, _SIDE, CpuBudget(5))
    assert (decoded.width, decoded.height) == (_SIDE, _SIDE)
    found = bytearray(len(wanted))
    for band in range(3):
        found[band::3] = decoded.pixels[band::4]
    off = difference(bytes(found), wanted)
    assert off.is_small, off


def _from_bytes(colour: tuple[int, int, int]) -> reference.Colour:
    red, green, blue = (level / 255 for level in colour)
    return red, green, blue


def _mean(colours: list[reference.Colour]) -> reference.Colour:
    red, green, blue = (sum(band) / len(colours) for band in zip(*colours, strict=True))
    return red, green, blue

"""The table of pictures: each with its file, and the sRGB that it should show."""

import json
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.run_folder import REPOSITORY
from services.upload.decoder.wire import PictureFormat
from tests.upload.colour import icc_files, reference
from tests.upload.colour.jpeg_cases import jpeg_cases
from tests.upload.colour.png_cases import png_cases
from tests.upload.colour.reference import BT2020_XY, D65, P3_XY, Space
from tests.upload.colour.scene import HEIGHT, WIDTH, Srgb, as_is, colour_samples, shown

_P3 = Space(P3_XY, D65, reference.by_channel(reference.srgb_light))
_P3_PROFILE = icc_files.rgb_profile("Display P3", P3_XY, icc_files.srgb_formula())
# Of BT.709's family, only the primaries count.
_BT2020 = Space(BT2020_XY, D65, reference.by_channel(reference.srgb_light))
_PQ = Space(BT2020_XY, D65, reference.pq_to_display)
_HLG = Space(BT2020_XY, D65, reference.hlg_to_display)


@dataclass(frozen=True)
class Case:
    """A picture: `expected` are rows of RGB. An order is encoded in the decoder's environment."""

    name: str
    kind: PictureFormat
    expected: Callable[[], bytes]
    content: Callable[[], bytes] | None = None
    order: dict[str, Any] | None = None


def _ordered(kind: str, said: str, srgb: Srgb, mode: str = "RGB", **tags: Any) -> Case:
    with_alpha = mode == "RGBA"
    samples = colour_samples(8, with_alpha=with_alpha)
    pixels = bytes(value for row in samples for sample in row for value in sample)
    order = {
        "format": kind, "mode": mode, "size": (WIDTH, HEIGHT), "pixels": pixels.hex(), **tags
    }  # fmt: skip
    name = f"{kind.lower()} {mode} {said}"
    return Case(name, PictureFormat[kind], lambda: shown(samples, 8, srgb), order=order)


def _of_ten_bits(said: str, srgb: Srgb, nclx: tuple[int, int]) -> Case:
    samples = colour_samples(10)
    # pillow-heif takes sixteen bits and keeps the upper ten.
    pixels = struct.pack(
        f"<{3 * WIDTH * HEIGHT}H", *(v << 6 for row in samples for sample in row for v in sample)
    )
    order = {
        "format": "HEIF", "mode": "RGB;16", "size": (WIDTH, HEIGHT), "pixels": pixels.hex(),
        "nclx": nclx,
    }  # fmt: skip
    name = f"heif RGB 10 bits, {said}"
    return Case(name, PictureFormat.HEIF, lambda: shown(samples, 10, srgb), order=order)


def _orders() -> Iterator[Case]:
    profile = _P3_PROFILE.hex()
    for kind in ("WEBP", "AVIF", "HEIF"):
        yield _ordered(kind, "without tags", as_is)
        yield _ordered(kind, "Display P3 profile", _P3.srgb, icc=profile)
    for kind in ("WEBP", "AVIF"):
        yield _ordered(kind, "without tags", as_is, "RGBA")
        yield _ordered(kind, "Display P3 profile", _P3.srgb, "RGBA", icc=profile)
    for kind in ("AVIF", "HEIF"):
        yield _ordered(kind, "nclx sRGB", as_is, nclx=(1, 13))
        yield _ordered(kind, "nclx P3, sRGB curve", _P3.srgb, nclx=(12, 13))
        yield _ordered(kind, "nclx BT.2020, BT.709 curve", _BT2020.srgb, nclx=(9, 14))
        yield _ordered(kind, "nclx BT.2100 PQ", _PQ.srgb, nclx=(9, 16))
        yield _ordered(kind, "nclx BT.2100 HLG", _HLG.srgb, nclx=(9, 18))
    yield _of_ten_bits("nclx sRGB", as_is, (1, 13))
    yield _of_ten_bits("nclx BT.2100 PQ", _PQ.srgb, (9, 16))
    yield _of_ten_bits("nclx BT.2100 HLG", _HLG.srgb, (9, 18))
    yield _ordered("AVIF", "nclx P3", _P3.srgb, "RGBA", nclx=(12, 13))


def _all() -> Iterator[Case]:
    for name, content, expected in png_cases():
        yield Case(f"png {name}", PictureFormat.PNG, expected, content)
    for name, content, expected in jpeg_cases():
        yield Case(f"jpeg {name}", PictureFormat.JPEG, expected, content)
    yield from _orders()


CASES = tuple(_all())


def content_of(case: Case, decoder_python: str) -> bytes:
    """The picture's file."""
    if case.content is not None:
        return case.content()
    return _encoded_elsewhere(decoder_python)[case.name]


@cache
def _encoded_elsewhere(decoder_python: str) -> dict[str, bytes]:
    ordered = [case for case in CASES if case.order is not None]
    contents = encoded_elsewhere(decoder_python, [case.order or {} for case in ordered])
    return {case.name: content for case, content in zip(ordered, contents, strict=True)}


def encoded_elsewhere(decoder_python: str, orders: list[dict[str, Any]]) -> list[bytes]:
    """The pictures of these orders, encoded in the decoder's environment."""
    written = subprocess.run(
        [decoder_python, "-m", "tests.upload.colour.elsewhere"],
        cwd=REPOSITORY,
        input=json.dumps(orders),
        text=True,
        check=True,
        capture_output=True,
    ).stdout
    return [bytes.fromhex(content) for content in json.loads(written)]

"""Compares WebP with the JPEG of a rendition: bytes and processor time at equal SSIM.

Needs scikit-image beside our environment. The pictures are photographs that come with scikit-image
and drawn ones, each at the width of `large`, `medium` or `small`.
"""

import io
import statistics
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np  # type: ignore[import-not-found]
from PIL import Image, ImageChops
from skimage import data  # type: ignore[import-not-found]
from skimage.metrics import structural_similarity  # type: ignore[import-not-found]

from tests.upload.pictures import photograph

QUALITIES = (70, 76, 80, 84)
METHODS = (0, 2, 4)
_WIDTHS = (1080, 640, 320)
_NAMES = ("astronaut", "chelsea", "coffee", "rocket")
_RUNS = 2


class _Encoded(NamedTuple):
    ssim: float
    size: int
    cpu_ms: float


def main() -> None:
    """Print SSIM, bytes and processor time of the JPEG and of each WebP setting."""
    pictures = list(_pictures())
    _row("JPEG 80", [_measured(one, "JPEG", quality=80, subsampling="4:2:0") for one in pictures])
    for method in METHODS:
        for quality in QUALITIES:
            found = [_measured(one, "WEBP", quality=quality, method=method) for one in pictures]
            _row(f"WebP {quality} method {method}", found)


def _pictures() -> Iterator[Image.Image]:
    for name in _NAMES:
        whole = Image.fromarray(getattr(data, name)()).convert("RGB")
        for width in _WIDTHS:
            if whole.width >= width:
                yield _at(whole, width)
        yield _at(whole, whole.width)
    drawn = photograph(1500, 1125)
    for number in range(4):
        shifted = ImageChops.offset(drawn, number * 331, number * 217)
        for width in _WIDTHS:
            yield _at(shifted, width)


def _at(whole: Image.Image, width: int) -> Image.Image:
    height = round(whole.height * width / whole.width)
    return whole.resize((width, height), Image.Resampling.LANCZOS).convert("RGBX")


def _measured(picture: Image.Image, kind: str, **options: object) -> _Encoded:
    times_s = []
    for _ in range(_RUNS):
        content = io.BytesIO()
        started_s = time.process_time()
        picture.save(content, kind, **options)
        times_s.append(time.process_time() - started_s)
    shown = Image.open(io.BytesIO(content.getvalue())).convert("RGB")
    wanted, found = (np.asarray(one.convert("RGB")) for one in (picture, shown))
    ssim = structural_similarity(wanted, found, channel_axis=2)
    return _Encoded(float(ssim), len(content.getvalue()), min(times_s) * 1000)


def _row(name: str, found: list[_Encoded]) -> None:
    ssim = statistics.mean(one.ssim for one in found)
    kilobytes = sum(one.size for one in found) / 1000
    cpu_ms = sum(one.cpu_ms for one in found)
    sys.stdout.write(f"{name:<20}{len(found):>4}{ssim:>9.4f}{kilobytes:>10.1f}{cpu_ms:>9.1f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

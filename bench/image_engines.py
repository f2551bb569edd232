"""Other ways to make the same four renditions, run in a separate environment.

`python -m bench.image_engines pillow|pyvips|thumbor FOLDER OUT` renders every picture of FOLDER
upright at the suite's widths, and leaves the large renditions in OUT. It prints the CPU
milliseconds per picture.
"""

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_WIDTHS = (1080, 640, 320)
_THUMB = 150
_QUALITY = 80

Engine = Callable[[bytes], bytes]


def main(name: str, folder: Path, out: Path) -> None:
    """Render each picture once to warm up, then once measured."""
    engine = _ENGINES[name]()
    files = [(file.name, file.read_bytes()) for file in sorted(folder.iterdir())]
    for file_name, content in files:
        (out / file_name).write_bytes(engine(content))
    started_s = time.process_time()
    for _, content in files:
        engine(content)
    sys.stdout.write(f"{(time.process_time() - started_s) / len(files) * 1000:.1f}\n")


def _pillow() -> Engine:
    """Work as tutorials do: decode fully, turn upright, and resize from full size each time."""
    from PIL import Image, ImageOps

    def draw(content: bytes) -> bytes:
        whole = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        height = whole.height
        made = [
            whole.resize((width, round(height * width / whole.width)), Image.Resampling.LANCZOS)
            for width in _WIDTHS
        ]
        made.append(ImageOps.fit(whole, (_THUMB, _THUMB), Image.Resampling.LANCZOS))
        saved = [io.BytesIO() for _ in made]
        for picture, into in zip(made, saved, strict=True):
            picture.save(into, "JPEG", quality=_QUALITY)
        return saved[0].getvalue()

    return draw


def _pyvips() -> Engine:
    import pyvips  # type: ignore[import-not-found,unused-ignore]

    pyvips.voperation.cache_set_max(0)

    def draw(content: bytes) -> bytes:
        size: dict[str, Any] = {"height": 100_000, "size": "down"}
        large = pyvips.Image.thumbnail_buffer(content, _WIDTHS[0], **size).copy_memory()
        made = [large, *(large.thumbnail_image(width, **size) for width in _WIDTHS[1:])]
        made.append(large.thumbnail_image(_THUMB, height=_THUMB, crop="centre"))
        first, *_ = [bytes(one.jpegsave_buffer(Q=_QUALITY, strip=True)) for one in made]
        return first

    return draw


def _thumbor() -> Engine:
    from thumbor.config import Config  # type: ignore[import-not-found,unused-ignore]
    from thumbor.context import Context  # type: ignore[import-not-found,unused-ignore]
    from thumbor.engines.pil import Engine as Thumbor  # type: ignore[import-not-found,unused-ignore]

    def draw(content: bytes) -> bytes:
        made = []
        for width in (*_WIDTHS, _THUMB):
            context = Context(config=Config(QUALITY=_QUALITY, RESPECT_ORIENTATION=True))
            context.request = SimpleNamespace(quality=_QUALITY, meta_callback=None, focal_points=[])
            engine = Thumbor(context)
            engine.load(content, ".jpg")
            engine.reorientate()
            across, down = engine.size
            engine.resize(width, width if width == _THUMB else round(down * width / across))
            made.append(bytes(engine.read(".jpg", _QUALITY)))
        return made[0]

    return draw


_ENGINES: dict[str, Callable[[], Engine]] = {
    "pillow": _pillow,
    "pyvips": _pyvips,
    "thumbor": _thumbor,
}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

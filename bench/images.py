"""Measures the CPU time of a photo: our worker's whole job, a floor, and other engines.

All process the same ten pictures of 12 megapixels, one at a time. The floor is the work that every
program around a JPEG library must do: `djpeg` at our decoding scale, and `cjpeg` of four prepared
sizes. Ours includes the decoder process, hashing, drawing and the placeholder. Pillow, pyvips and
thumbor are installed in a temporary environment.
"""

import asyncio
import hashlib
import io
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageOps, ImageStat

from services.upload.clients.memory_files import MemoryFile
from services.upload.clients.workshop import Workshop
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.picture_kinds import PictureKind
from tests.upload.pictures import exif_of, jpeg, photograph, stored_as

PICTURES = 10
_TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = {"pillow": "pillow", "pyvips": "pyvips[binary]", "thumbor": "thumbor"}


@dataclass(frozen=True, slots=True)
class ImageRow:
    """CPU time per photo, and the PSNR of its large rendition against the best possible one."""

    name: str
    cpu_ms: float
    quality_db: float | None


def main() -> None:
    """Measure and print a table."""
    if shutil.which("djpeg") is None:
        sys.exit(
            "The floor needs djpeg and cjpeg: on Debian, `apt-get install libjpeg-turbo-progs`."
        )
    rows = measure()
    floor_ms = rows[0].cpu_ms
    sys.stdout.write(f"{'engine':<28}{'CPU ms/photo':>14}{'ratio':>8}{'PSNR dB':>10}\n")
    for row in rows:
        quality = "" if row.quality_db is None else f"{row.quality_db:.2f}"
        ratio = row.cpu_ms / floor_ms
        sys.stdout.write(f"{row.name:<28}{row.cpu_ms:>14.1f}{ratio:>8.2f}{quality:>10}\n")


def measure() -> list[ImageRow]:
    """Measure the floor, ours, then the other engines that can be installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sent = _draw_pictures(folder)
        rows = [_floor(folder), asyncio.run(_ours(sent))]
        python = _other_environment(folder / "environment")
        for engine, package in _PACKAGES.items():
            row = _other(python, engine, package, folder)
            if row is not None:
                rows.append(row)
    return rows


def _draw_pictures(folder: Path) -> list[bytes]:
    (folder / "sent").mkdir()
    (folder / "sizes").mkdir()
    sent = []
    for number in range(PICTURES):
        picture = ImageChops.offset(photograph(3000, 4000), number * 131, number * 97)
        content = jpeg(stored_as(picture, 6), exif=exif_of(6))
        (folder / "sent" / f"{number}.jpg").write_bytes(content)
        sent.append(content)
    whole = _upright(sent[0])
    for width in (1080, 640, 320, 150):
        _best(whole, width).save(folder / "sizes" / f"{width}.ppm")
    return sent


def _floor(folder: Path) -> ImageRow:
    def once(file: Path) -> None:
        decoded = folder / "decoded.ppm"
        subprocess.run(["djpeg", "-scale", "1/2", "-outfile", decoded, file], check=True)
        for size in (folder / "sizes").iterdir():
            subprocess.run(["cjpeg", "-quality", "80", "-outfile", os.devnull, size], check=True)

    files = sorted((folder / "sent").iterdir())
    once(files[0])
    before_s = _seconds(resource.RUSAGE_CHILDREN)
    for file in files:
        once(file)
    spent_s = _seconds(resource.RUSAGE_CHILDREN) - before_s
    return ImageRow("djpeg + 4 × cjpeg (floor)", spent_s / len(files) * 1000, None)


async def _ours(sent: list[bytes]) -> ImageRow:
    workshop = Workshop(_decoder_python(), 1)
    await workshop.warm_up()
    decoder_id = _only_child()
    large: list[bytes] = []

    async def once(content: bytes) -> None:
        with MemoryFile("original") as original:
            hashlib.sha256(content)
            original.append(content)
            original.seal_content()
            drawn = (await workshop.develop(original, PictureKind.JPEG, CpuBudget(5))).drawn
        large.append(drawn.renditions[0].content)
        for rendition in drawn.renditions:
            rendition.described(1)

    for content in sent:
        await once(content)
    best_db = _quality(list(zip(sent, large, strict=True)))
    before_s = _seconds(resource.RUSAGE_SELF) + _process_seconds(decoder_id)
    for content in sent:
        await once(content)
    spent_s = _seconds(resource.RUSAGE_SELF) + _process_seconds(decoder_id) - before_s
    await workshop.close()
    return ImageRow("ours, the whole job", spent_s / len(sent) * 1000, best_db)


def _decoder_python() -> str:
    environments = Path(os.environ.get("RETRATO_VENV_DIR") or ".run").absolute()
    return str(environments / "venv-decoder" / "bin" / "python")


def _other_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def _other(python: Path, engine: str, package: str, folder: Path) -> ImageRow | None:
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", package], check=False, capture_output=True
    )
    if installed.returncode:
        sys.stderr.write(f"{engine} cannot be installed and is left out\n")
        return None
    out = folder / engine
    out.mkdir()
    command = [str(python), "-m", "bench.image_engines", engine, str(folder / "sent"), str(out)]
    # One thread, like ours, to compare the work and not the number of cores.
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "VIPS_CONCURRENCY": "1"},
    )
    pairs = [
        ((folder / "sent" / file.name).read_bytes(), file.read_bytes()) for file in out.iterdir()
    ]
    return ImageRow(f"{engine} ({package})", float(done.stdout), _quality(pairs))


def _quality(pairs: list[tuple[bytes, bytes]]) -> float:
    """Return the mean PSNR of three large renditions against full decoding and Lanczos."""
    return sum(_psnr(*pair) for pair in pairs[:3]) / len(pairs[:3])


def _psnr(sent: bytes, large: bytes) -> float:
    found = Image.open(io.BytesIO(large)).convert("RGB")
    wanted = _best(_upright(sent), found.width)
    square = ImageStat.Stat(ImageChops.difference(found, wanted.resize(found.size))).sum2
    mean = sum(square) / (3 * found.width * found.height)
    return 10 * math.log10(255**2 / mean)


def _upright(content: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")


def _best(whole: Image.Image, width: int) -> Image.Image:
    size = (width, round(whole.height * width / whole.width))
    return whole.resize(size, Image.Resampling.LANCZOS)


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _only_child() -> int:
    """Return the decoder's process id; a thread of this process has started it."""
    (child,) = [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]
    return int(child)


def _process_seconds(process_id: int) -> float:
    """Return the CPU seconds of a process and of its ended children."""
    stat = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in stat[11:15]) / _TICKS


if __name__ == "__main__":
    main()

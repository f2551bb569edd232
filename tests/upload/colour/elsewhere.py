"""Encodes pictures in formats that only the decoder's environment writes.

`python -m tests.upload.colour.elsewhere` reads a list of orders as JSON, and writes a list of
contents in hexadecimal digits.
"""

import io
import json
import sys
from typing import Any

import pillow_heif
from PIL import Image

_NCLX = b"colrnclx"
_ORIENTATION = 0x0112
_TEN_BITS = "RGB;16"


def encoded(order: dict[str, Any]) -> bytes:
    """One picture: `format`, `mode`, `size`, `pixels`; perhaps `icc`, `nclx`, `orientation`."""
    if order["mode"] == _TEN_BITS:
        return _heif_of_ten_bits(order)
    picture = Image.frombytes(order["mode"], tuple(order["size"]), bytes.fromhex(order["pixels"]))
    options: dict[str, Any] = {"quality": 100}
    if "icc" in order:
        options["icc_profile"] = bytes.fromhex(order["icc"])
    if order["format"] == "WEBP":
        options |= {"lossless": True, "exact": True}
    elif order["format"] == "AVIF":
        options |= {"subsampling": "4:4:4", "speed": 8, "autotiling": False, "max_threads": 1}
    else:
        options |= {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    if order["format"] == "HEIF" and "nclx" in order:
        primaries, transfer = order["nclx"]
        options |= {"color_primaries": primaries, "transfer_characteristics": transfer}
    if "orientation" in order:
        exif = Image.Exif()
        exif[_ORIENTATION] = order["orientation"]
        # A box turns AVIF and HEIF. The HEIF plugin takes the tag from the picture's info.
        picture.info["exif"] = exif.tobytes()
        options |= {} if order["format"] == "HEIF" else {"exif": exif}
    content = io.BytesIO()
    picture.save(content, order["format"], **options)
    written = content.getvalue()
    if order["format"] == "AVIF" and "nclx" in order:
        written = _with_code_points(written, *order["nclx"])
    return written


def _heif_of_ten_bits(order: dict[str, Any]) -> bytes:
    pixels = bytes.fromhex(order["pixels"])
    picture = pillow_heif.from_bytes(mode=_TEN_BITS, size=tuple(order["size"]), data=pixels)
    primaries, transfer = order["nclx"]
    content = io.BytesIO()
    picture.save(
        content,
        quality=-1,
        chroma=444,
        matrix_coefficients=0,
        color_primaries=primaries,
        transfer_characteristics=transfer,
    )
    return content.getvalue()


def _with_code_points(avif: bytes, primaries: int, transfer: int) -> bytes:
    # Pillow cannot be told them: they replace those that it wrote.
    at = avif.index(_NCLX) + len(_NCLX)
    return avif[:at] + primaries.to_bytes(2, "big") + transfer.to_bytes(2, "big") + avif[at + 4 :]


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    json.dump([encoded(order).hex() for order in json.load(sys.stdin)], sys.stdout)

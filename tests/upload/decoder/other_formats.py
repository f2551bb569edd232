"""Writes a picture in a format that only the decoder's environment can write, to standard output.

`python -m tests.upload.decoder.other_formats WEBP 1600 1200 [mode] [orientation]`
"""

import io
import sys

import pillow_heif
from PIL import Image

_ORIENTATION = 0x0112


def main(picture_format: str, width: int, height: int, mode: str, orientation: int) -> None:
    """Red above and blue below; transparent in RGBA, followed by green in MOVING."""
    pillow_heif.register_heif_opener()
    picture = Image.new("RGB", (width, height), (220, 30, 30))
    picture.paste((30, 30, 220), (0, height // 2, width, height))
    if mode == "RGBA":
        picture.putalpha(0)
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    # A box of the format turns a HEIF or AVIF picture. The HEIF plugin takes the tags from the
    # picture's info, and the others from an option.
    picture.info["exif"] = exif.tobytes()
    options: dict[str, object] = {} if picture_format == "HEIF" else {"exif": exif}
    if mode == "MOVING":
        second = Image.new("RGB", (width, height), (30, 200, 30))
        options |= {"save_all": True, "append_images": [second]}
    content = io.BytesIO()
    picture.save(content, picture_format, quality=80, **options)
    sys.stdout.buffer.write(content.getvalue())


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    main(name, int(rest[0]), int(rest[1]), rest[2], int(rest[3]))

"""Writes the versions of the decoder's parsers as JSON; runs in its environment."""

import json
import re
import sys

import PIL
import pillow_heif
from PIL import features

_OF_PILLOW = ("webp", "avif", "libjpeg_turbo", "zlib_ng", "littlecms2")


def main() -> None:
    """Write them by the names of advisories.toml."""
    heif = pillow_heif.libheif_info()
    versions = {name: features.version(name) for name in _OF_PILLOW}
    versions |= {
        "pillow": PIL.__version__,
        "pillow_heif": pillow_heif.__version__,
        "libheif": heif["libheif"],
    }
    for name, about in heif["decoders"].items():
        found = re.search(r"version ([\d.]+)", about)
        versions[name] = found and found[1]
    json.dump(versions, sys.stdout)


if __name__ == "__main__":
    main()

"""The renditions of a picture and their sizes, never larger than the picture."""

from dataclasses import dataclass

from shared.contracts.photos import RenditionName

# Widths for phones; each is drawn from the one before.
WIDTHS: tuple[tuple[RenditionName, int], ...] = (("large", 1080), ("medium", 640), ("small", 320))
THUMB_SIDE = 150
# Decoding may use the smallest scale that leaves both sides at least this long.
DECODED_SIDE_MIN = 1080


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels of an upright picture."""

    width: int
    height: int

    @property
    def shorter_side(self) -> int:
        """The side of the largest square in it."""
        return min(self.width, self.height)


def rendition_size(picture: Size, width: int) -> Size:
    """The size at `width` in the picture's proportions; its own size if it is narrower."""
    if picture.width <= width:
        return picture
    return Size(width, max(1, round(picture.height * width / picture.width)))


def thumb_side(picture: Size) -> int:
    """The side of the square thumb."""
    return min(THUMB_SIDE, picture.shorter_side)


def middle_square(size: Size) -> tuple[int, int, int, int]:
    """The largest centred square: left, top, right, bottom."""
    side = size.shorter_side
    left = (size.width - side) // 2
    top = (size.height - side) // 2
    return left, top, left + side, top + side


def rendition_key(photo_id: int, name: RenditionName, sha256_hex: str, ending: str) -> str:
    """The key of a rendition in the store and on the wire; it names no host."""
    return f"renditions/{photo_id}/{name}-{sha256_hex[:16]}.{ending}"

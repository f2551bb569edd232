"""What may be published: the limits of the public API."""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.contracts.posts import Place
from shared.errors import FieldError

PHOTOS_MAX = 10
CAPTION_CHARACTERS_MAX = 2200
PLACE_NAME_CHARACTERS_MAX = 200

# The controls that a text of several lines consists of.
_LINE_CONTROLS = "\n\r\t"


@dataclass(frozen=True, slots=True)
class Draft:
    """A post to be: photos in the order to show."""

    photo_ids: Sequence[int]
    caption: str
    place: Place | None


def faults_of(draft: Draft) -> list[FieldError]:
    """Everything that is wrong with a draft; empty when it may be published."""
    return [*_photo_faults(draft.photo_ids), *_caption_faults(draft), *_place_faults(draft.place)]


def _photo_faults(photo_ids: Sequence[int]) -> Iterator[FieldError]:
    if not 1 <= len(photo_ids) <= PHOTOS_MAX:
        yield FieldError("photo_ids", f"1 to {PHOTOS_MAX} photos.")
    elif len(set(photo_ids)) < len(photo_ids):
        yield FieldError("photo_ids", "A photo can be in a post only once.")


def _caption_faults(draft: Draft) -> Iterator[FieldError]:
    if len(draft.caption) > CAPTION_CHARACTERS_MAX:
        yield FieldError("caption", f"At most {CAPTION_CHARACTERS_MAX} characters.")
    elif not _is_text(draft.caption, _LINE_CONTROLS):
        yield FieldError("caption", "Text without control characters.")


def _place_faults(place: Place | None) -> Iterator[FieldError]:
    if place is None:
        return
    name = place["name"]
    if not 1 <= len(name) <= PLACE_NAME_CHARACTERS_MAX or not name.strip():
        yield FieldError("place.name", f"1 to {PLACE_NAME_CHARACTERS_MAX} characters.")
    elif not _is_text(name, ""):
        yield FieldError("place.name", "One line, without control characters.")
    for axis, degrees, limit in (("lat", place["lat"], 90), ("lng", place["lng"], 180)):
        if not math.isfinite(degrees) or abs(degrees) > limit:
            yield FieldError(f"place.{axis}", f"Degrees from -{limit} to {limit}.")


def _is_text(text: str, controls: str) -> bool:
    # Half a surrogate pair is no character either: neither JSON nor the database takes it.
    return not any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in controls
        for character in text
    )

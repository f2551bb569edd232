"""The limits of a post, as the public API states them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.feed.domain.texts import LINE_CONTROLS, is_text
from shared.contracts.posts import Place
from shared.errors import FieldError
from shared.faults import fault
from shared.visible_text import shows_something

PHOTOS_MAX = 10
CAPTION_CHARACTERS_MAX = 2200
PLACE_NAME_CHARACTERS_MAX = 200
# Upload has the same limit for photos in no post.
ALT_TEXT_CHARACTERS_MAX = 1500


@dataclass(frozen=True, slots=True)
class Draft:
    """A post before it is published; photos in display order."""

    photo_ids: Sequence[int]
    caption: str
    place: Place | None


def faults_of(draft: Draft) -> list[FieldError]:
    """All faults of a draft; empty if it may be published."""
    return [
        *_photo_faults(draft.photo_ids),
        *caption_faults(draft.caption),
        *_place_faults(draft.place),
    ]


def caption_faults(caption: str) -> Iterator[FieldError]:
    """What is wrong with a new or edited caption."""
    if len(caption) > CAPTION_CHARACTERS_MAX:
        yield FieldError("caption", fault("too_long", max=CAPTION_CHARACTERS_MAX))
    elif not is_text(caption, LINE_CONTROLS):
        yield FieldError("caption", fault("control_characters"))


def alt_text_faults(alt_texts: Mapping[int, str]) -> Iterator[FieldError]:
    """What is wrong with alternative texts, given by photo id."""
    for photo_id, text in alt_texts.items():
        field = f"alt_texts.{photo_id}"
        if len(text) > ALT_TEXT_CHARACTERS_MAX:
            yield FieldError(field, fault("too_long", max=ALT_TEXT_CHARACTERS_MAX))
        elif not is_text(text, "\n"):
            yield FieldError(field, fault("control_characters"))


def _photo_faults(photo_ids: Sequence[int]) -> Iterator[FieldError]:
    if not 1 <= len(photo_ids) <= PHOTOS_MAX:
        yield FieldError("photo_ids", fault("wrong_count", min=1, max=PHOTOS_MAX))
    elif len(set(photo_ids)) < len(photo_ids):
        yield FieldError("photo_ids", fault("given_twice"))


def _place_faults(place: Place | None) -> Iterator[FieldError]:
    if place is None:
        return
    name = place["name"]
    if not 1 <= len(name) <= PLACE_NAME_CHARACTERS_MAX:
        yield FieldError("place.name", fault("wrong_length", min=1, max=PLACE_NAME_CHARACTERS_MAX))
    elif not shows_something(name):
        yield FieldError("place.name", fault("nothing_visible"))
    elif not is_text(name, ""):
        yield FieldError("place.name", fault("several_lines"))
    for axis, degrees, limit in (("lat", place["lat"], 90), ("lng", place["lng"], 180)):
        if not math.isfinite(degrees) or abs(degrees) > limit:
            yield FieldError(f"place.{axis}", fault("out_of_range", min=-limit, max=limit))

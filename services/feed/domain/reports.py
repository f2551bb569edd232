"""The limits of a report's note."""

from collections.abc import Iterator

from services.feed.domain.texts import LINE_CONTROLS, is_text
from shared.errors import FieldError
from shared.faults import fault

NOTE_CHARACTERS_MAX = 1_000


def note_faults(note: str) -> Iterator[FieldError]:
    """What is wrong with a report's note; an empty one is fine."""
    if len(note) > NOTE_CHARACTERS_MAX:
        yield FieldError("note", fault("too_long", max=NOTE_CHARACTERS_MAX))
    elif not is_text(note, LINE_CONTROLS):
        yield FieldError("note", fault("control_characters"))

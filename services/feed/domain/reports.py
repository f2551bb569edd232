"""What may be said in a report."""

from collections.abc import Iterator

from services.feed.domain.texts import LINE_CONTROLS, is_text
from shared.errors import FieldError

NOTE_CHARACTERS_MAX = 1_000


def note_faults(note: str) -> Iterator[FieldError]:
    """What is wrong with the words that go with a report; there need be none."""
    if len(note) > NOTE_CHARACTERS_MAX:
        yield FieldError("note", f"At most {NOTE_CHARACTERS_MAX} characters.")
    elif not is_text(note, LINE_CONTROLS):
        yield FieldError("note", "Text without control characters.")

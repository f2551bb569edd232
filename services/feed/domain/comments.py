"""The limits of a comment's text."""

from collections.abc import Iterator

from services.feed.domain.texts import LINE_CONTROLS, is_text
from shared.errors import FieldError
from shared.faults import fault
from shared.visible_text import shows_something

COMMENT_CHARACTERS_MAX = 2200


def text_faults(text: str) -> Iterator[FieldError]:
    """What is wrong with a comment's text."""
    if len(text) > COMMENT_CHARACTERS_MAX:
        yield FieldError("text", fault("too_long", max=COMMENT_CHARACTERS_MAX))
    elif not shows_something(text):
        yield FieldError("text", fault("nothing_visible"))
    elif not is_text(text, LINE_CONTROLS):
        yield FieldError("text", fault("control_characters"))

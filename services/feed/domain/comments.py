"""What may be written under a post, and how a comment is shown."""

from collections.abc import Iterator

from services.feed.domain.texts import LINE_CONTROLS, is_text
from shared.errors import FieldError
from shared.visible_text import shows_something

COMMENT_CHARACTERS_MAX = 2200


def text_faults(text: str) -> Iterator[FieldError]:
    """What is wrong with the text of a comment."""
    if len(text) > COMMENT_CHARACTERS_MAX or not shows_something(text):
        yield FieldError("text", f"1 to {COMMENT_CHARACTERS_MAX} characters, some of them visible.")
    elif not is_text(text, LINE_CONTROLS):
        yield FieldError("text", "Text without control characters.")

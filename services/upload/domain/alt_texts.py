"""What a picture shows, in words, for those who cannot see it."""

from shared.errors import FieldError, Invalid
from shared.faults import fault

ALT_TEXT_CHARACTERS_MAX = 1500


def check_alt_text(text: str) -> None:
    """Raises Invalid for one that is too long, or that holds what is no text."""
    if len(text) > ALT_TEXT_CHARACTERS_MAX:
        found = fault("too_long", max=ALT_TEXT_CHARACTERS_MAX)
    elif any(not character.isprintable() and character != "\n" for character in text):
        found = fault("control_characters")
    else:
        return
    raise Invalid(errors=[FieldError("alt_text", found)])

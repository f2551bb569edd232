"""The rules for alternative texts, which describe pictures to people who cannot see them."""

from shared.errors import FieldError, Invalid
from shared.faults import fault

ALT_TEXT_CHARACTERS_MAX = 1500


def check_alt_text(text: str) -> None:
    """Raise Invalid if it is too long or has control characters."""
    if len(text) > ALT_TEXT_CHARACTERS_MAX:
        found = fault("too_long", max=ALT_TEXT_CHARACTERS_MAX)
    elif any(not character.isprintable() and character != "\n" for character in text):
        found = fault("control_characters")
    else:
        return
    raise Invalid(errors=[FieldError("alt_text", found)])

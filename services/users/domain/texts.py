"""Rules for an account's free texts: bounded, and without control characters."""

import re
import unicodedata

from shared.faults import Fault, fault
from shared.visible_text import is_ignorable, shows_something

DEVICE_CHARACTERS_MAX = 100
DISPLAY_NAME_CHARACTERS_MAX = 50
BIO_CHARACTERS_MAX = 150
WEBSITE_CHARACTERS_MAX = 200
# Pointed Hebrew has four on a letter; what towers higher covers the lines around a name.
MARKS_OF_LETTER_MAX = 4

# Controls, other line separators, lone surrogates, and characters that change the direction of
# surrounding text. Characters that join emoji are fine.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff]")

# An address that a browser opens as a page, not one that runs code.
_WEBSITE = re.compile(r"https?://[^\s/?#@:]+\.[^\s/?#@:]+(:[0-9]{1,5})?([/?#]\S*)?", re.IGNORECASE)


def line_fault(text: str, characters_max: int) -> Fault | None:
    """Why this is not one line of text; None if it is fine."""
    if len(text) > characters_max:
        return fault("too_long", max=characters_max)
    if _CONTROL.search(text):
        return fault("several_lines")
    return None


def name_fault(text: str) -> Fault | None:
    """Why this is not a display name; None if it is fine or empty."""
    if text and not shows_something(text):
        return fault("nothing_visible")
    if _marks_of_letter(text) > MARKS_OF_LETTER_MAX:
        return fault("too_many_marks", max=MARKS_OF_LETTER_MAX)
    return line_fault(text, DISPLAY_NAME_CHARACTERS_MAX)


def _marks_of_letter(text: str) -> int:
    """The most combining marks that stand on one letter."""
    most = here = 0
    for character in unicodedata.normalize("NFD", text):
        if is_ignorable(character):
            continue  # marks on both of its sides may be drawn on one letter
        here = here + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        most = max(most, here)
    return most


def lines_fault(text: str, characters_max: int) -> Fault | None:
    """Why this is not a short text of one or more lines; None if it is fine."""
    if len(text) > characters_max:
        return fault("too_long", max=characters_max)
    if _CONTROL.search(text.replace("\n", "")):
        return fault("control_characters")
    return None


def website_fault(text: str) -> Fault | None:
    """Why this is not a web address; None if it is one or empty."""
    if not text:
        return None
    found = line_fault(text, WEBSITE_CHARACTERS_MAX)
    if found is None and not _WEBSITE.fullmatch(text):
        return fault("not_a_web_address")
    return found

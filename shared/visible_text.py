"""Tells visible characters from invisible ones."""

import unicodedata
from bisect import bisect_right

ZWNJ, ZWJ = "\u200c", "\u200d"

# First and last code points of the property Default_Ignorable_Code_Point (Unicode 14,
# DerivedCoreProperties.txt), which Python's `unicodedata` lacks.
_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_STARTS = [first for first, _last in _IGNORABLE]

# These look blank although Unicode counts them as symbols; the last one stands for an object that
# a text does not have.
_BLANKS = "\u2800\U0001d159\ufffc"


def is_ignorable(character: str) -> bool:
    """Whether Unicode lets a renderer show nothing for the character.

    Examples are joiners, variation selectors, direction marks, soft hyphens and fillers.
    """
    code = ord(character)
    if code < _STARTS[0]:
        return False
    return code <= _IGNORABLE[bisect_right(_STARTS, code) - 1][1]


def shows_something(text: str) -> bool:
    """Whether the text has at least one visible character."""
    return any(
        not character.isspace()
        and character not in _BLANKS
        and not is_ignorable(character)
        and unicodedata.category(character) not in _UNSEEN
        for character in text
    )


# Controls, surrogates, format characters, code points that are unassigned or have a meaning on one
# maker's devices only, separators, and combining marks.
_UNSEEN = frozenset({"Cc", "Cs", "Cf", "Cn", "Co", "Zs", "Zl", "Zp", "Mn", "Me"})

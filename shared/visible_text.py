"""Which characters of a text show something."""

import unicodedata
from bisect import bisect_right

ZWNJ, ZWJ = "\u200c", "\u200d"

# The ranges of the property Default_Ignorable_Code_Point (Unicode 14, DerivedCoreProperties.txt):
# first and last code point. Python's database does not have it.
_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_STARTS = [first for first, _last in _IGNORABLE]

# Blank by their look, though Unicode counts them among the symbols.
_BLANKS = "\u2800\U0001d159"


def is_ignorable(character: str) -> bool:
    """Whether Unicode says that nothing is shown where the character is not supported.

    Joiners, variation selectors, direction marks, soft hyphens and fillers are such.
    """
    code = ord(character)
    if code < _STARTS[0]:
        return False
    return code <= _IGNORABLE[bisect_right(_STARTS, code) - 1][1]


def shows_something(text: str) -> bool:
    """Whether a reader sees more than space: a letter, a digit, a sign or a picture."""
    return any(
        not character.isspace()
        and character not in _BLANKS
        and not is_ignorable(character)
        and unicodedata.category(character) not in _UNSEEN
        for character in text
    )


# Controls, half surrogates, format characters, and marks that have nothing to stand on.
_UNSEEN = frozenset({"Cc", "Cs", "Cf", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})

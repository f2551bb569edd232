"""Folds all spellings of a hashtag into one name.

It follows the hashtag identifiers of Unicode UAX 31, without pictures: letters, marks, digits and
underscores. Some signs may stand between two of these, such as the middle dot of "col·legi".
"""

import unicodedata
from functools import lru_cache

from idna import valid_contextj

from shared.visible_text import ZWJ, ZWNJ, is_ignorable

TAG_CHARACTERS_MAX = 100

# U+FF03 is typed on East Asian keyboards; U+FE5F is its small form.
SIGNS = "#\uff03\ufe5f"
JOINERS = ZWNJ + ZWJ

# From Table 3 of UAX 31, plus the wave dash of Japanese names.
_BETWEEN = frozenset("\u00b7\u05be\u0f0b\u301c\u30a0\u30fb")
# Part of a word, but no word by themselves: the underscore, the signs of Hebrew abbreviations, the
# ditto mark.
_WITHIN = frozenset("_\u05f3\u05f4\u3003")
# The only letter that phones draw as a picture.
_PICTURE_LETTER = "\u2139"
# People type full-width tildes for wave dashes; NFKC would turn them into ASCII tildes.
_WAVE_DASHES = {0xFF5E: 0x301C}
_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"})
_VIRAMA_CLASS = 9

# Two rounds reach the fixed point of every code point, so this is enough for any text.
_ROUNDS_MAX = 8


@lru_cache(maxsize=4096)
def is_word(character: str) -> bool:
    """Whether the character may be part of any hashtag.

    A lookalike, such as a ligature that unfolds to several words, ends a hashtag.
    """
    if character in _WITHIN or "a" <= character <= "z":
        return True
    if unicodedata.category(character) not in _WORD_CATEGORIES:
        return character in _LOW_LINES
    return character != _PICTURE_LETTER and all(map(_is_plain_word, _unfolded(character)))


def run_end(text: str, start: int) -> int:
    """Where the hashtag run that begins at `start` ends; `start` if none begins there."""
    end = at = start
    while at < len(text):
        character = text[at]
        if is_ignorable(character):
            at += 1
        elif is_word(character):
            end = at = at + 1
        elif start < end == at and _is_between(character):
            at += 1
        else:
            break
    return end


def tag_name(text: str) -> str | None:
    """The folded tag of a run without its sign: equal for spellings that look and read alike.

    None if it has no letter, is not one run, or exceeds 100 characters when folded.
    """
    name = _normal(text)
    if name is None or len(name) > TAG_CHARACTERS_MAX or not name:
        return None
    begins_well = unicodedata.category(name[0])[0] != "M"
    if not begins_well or run_end(name, 0) < len(name) or not any(map(_is_letter, name)):
        return None
    return name


def tag_prefix(text: str) -> str | None:
    """The folded prefix for a tag search; None if no tag can begin with it."""
    name = _normal(text)
    if not name or len(name) > TAG_CHARACTERS_MAX:
        return None
    end = run_end(name, 0)
    may_go_on = end == len(name) or (end == len(name) - 1 and end > 0 and _is_between(name[end]))
    return name if may_go_on else None


def without_sign(text: str) -> str:
    """A tag as a client asks for it, without surrounding space and its sign."""
    bare = text.strip()
    return bare[1:] if bare[:1] and bare[0] in SIGNS else bare


def _normal(text: str) -> str | None:
    # NFKC_Casefold of Unicode chapter 3.13, repeated until stable; visible joiners stay.
    name = text
    for _round in range(_ROUNDS_MAX):
        before = name
        name = "".join(c for c in name if c in JOINERS or not is_ignorable(c))
        folded = unicodedata.normalize("NFKD", name.translate(_WAVE_DASHES)).casefold()
        # The dot of a folded "İ" is invisible above an "i".
        name = unicodedata.normalize("NFKC", folded).replace("i\u0307", "i")
        name = _with_joiners_in_place(name)
        if name == before:
            return name
    return None


def _with_joiners_in_place(name: str) -> str:
    if ZWNJ not in name and ZWJ not in name:
        return name
    single = [
        c for at, c in enumerate(name) if c not in JOINERS or name[at - 1 : at] not in _EITHER
    ]
    joined = "".join(single)
    if len(joined) > 2 * TAG_CHARACTERS_MAX:
        # Too long to be a tag, so its joiners need no check.
        return joined
    return "".join(c for at, c in enumerate(joined) if c not in JOINERS or _joins(joined, at))


def _joins(name: str, at: int) -> bool:
    # RFC 5892, appendix A; a ZWJ before a virama makes the Bengali ya-phalaa and its kin.
    if at in {0, len(name) - 1}:
        return False
    after = name[at + 1]
    if name[at] == ZWJ and unicodedata.combining(after) == _VIRAMA_CLASS:
        return True
    return _is_letter(after) and valid_contextj(name, at)


def _unfolded(character: str) -> str:
    return unicodedata.normalize("NFKC", character.translate(_WAVE_DASHES)).casefold()


def _is_plain_word(character: str) -> bool:
    return (
        character in _WITHIN
        or unicodedata.category(character) in _WORD_CATEGORIES
        or is_ignorable(character)
    )


def _is_between(character: str) -> bool:
    return _unfolded(character) in _BETWEEN


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] == "L"


_EITHER = frozenset(JOINERS)
# Punctuation by category, but spellings of the underscore.
_LOW_LINES = frozenset("\uff3f\ufe33\ufe34\ufe4d\ufe4e\ufe4f")

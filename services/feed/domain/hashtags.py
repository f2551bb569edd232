"""Finds hashtags in a text, in any script."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.feed.domain.tag_names import SIGNS, run_end, tag_name
from shared.visible_text import is_ignorable

# A keycap is a picture: its digit does not belong to the hashtag before it.
_KEYCAP = "\u20e3"
_CONTINUED = frozenset("&/@_\uff20" + SIGNS)


@dataclass(frozen=True, slots=True)
class Link:
    """A hashtag or mention: it starts at the sign and ends after its last character."""

    start: int
    end: int
    name: str


def find_hashtags(text: str, addresses: Sequence[tuple[int, int]]) -> Iterator[Link]:
    """Every occurrence in order, except those inside web addresses.

    A hashtag cannot continue a word or an address, so "a#b" and "/#part" hold none.
    """
    position = 0
    while (sign := _next_sign(text, position)) >= 0:
        position = end = _end_of_hashtag(text, sign + 1)
        if end == sign + 1 or _continues_something(text, sign):
            continue
        if any(first <= sign < last or first == sign + 1 for first, last in addresses):
            continue
        name = tag_name(text[sign + 1 : end])
        if name is not None:
            yield Link(sign, end, name)


def _next_sign(text: str, start: int) -> int:
    return min((at for sign in SIGNS if (at := text.find(sign, start)) >= 0), default=-1)


def _end_of_hashtag(text: str, start: int) -> int:
    end = run_end(text, start)
    after = end
    while after < len(text) and is_ignorable(text[after]):
        after += 1
    is_in_keycap = text[after : after + 1] == _KEYCAP and text[end - 1] in "0123456789"
    return end - 1 if is_in_keycap and end > start else end


def _continues_something(text: str, sign: int) -> bool:
    at = sign - 1
    while at >= 0 and is_ignorable(text[at]):
        at -= 1
    if at < 0:
        return False
    before = text[at]
    # Enclosing marks and circled numbers make pictures, not words.
    is_word = unicodedata.category(before) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl"}
    return is_word or before in _CONTINUED

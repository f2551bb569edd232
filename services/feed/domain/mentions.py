"""Finds mentions of usernames in a text."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from services.feed.domain.hashtags import Link
from shared.visible_text import is_ignorable

USERNAME_CHARACTERS_MAX = 30

# U+FF20 is typed on East Asian keyboards; U+FE6B is its small form.
_SIGNS = "@\uff20\ufe6b"
# What users accepts as a name, without a final dot: "@bob." mentions bob.
_NAME = re.compile(r"\.*[a-z0-9_]+(?:\.+[a-z0-9_]+)*", re.IGNORECASE | re.ASCII)
# The rest of a handle on another server: "@bob@example.org", "@bob-b@example.org".
_ELSEWHERE = re.compile(rf"(?:[.+-]+\w+)*[{_SIGNS}]\w")
_CONTINUED = frozenset("!#$%&*/_\uff03\ufe5f" + _SIGNS)


def find_mentions(text: str, addresses: Sequence[tuple[int, int]]) -> Iterator[Link]:
    """Every occurrence in order, with the name in lower case.

    The name is the whole run of letters, marks and digits after the sign: "@bobé" mentions nobody.
    Neither does "alice@example.org". Whether a user has the name is not checked.
    """
    places = [at for at, character in enumerate(text) if not is_ignorable(character)]
    seen = text if len(places) == len(text) else "".join(text[at] for at in places)
    for sign, character in enumerate(seen):
        name = _name_at(seen, sign) if character in _SIGNS else None
        if name is None:
            continue
        start, end = places[sign], places[sign + len(name)] + 1
        if not any(first < end and start < last for first, last in addresses):
            yield Link(start, end, name)


def _name_at(text: str, sign: int) -> str | None:
    found = _NAME.match(text, sign + 1)
    if found is None or len(found[0]) > USERNAME_CHARACTERS_MAX:
        return None
    after = text[found.end() : found.end() + 1]
    if after and (_is_word(after) or after in _SIGNS or _ELSEWHERE.match(text, found.end())):
        return None
    return None if _continues_something(text, sign, found[0]) else found[0].lower()


def _continues_something(text: str, sign: int, name: str) -> bool:
    if sign == 0:
        return False
    before = text[sign - 1]
    if not _is_word(before):
        return before in _CONTINUED
    # Scripts without spaces join the sign to the preceding word; so may an address.
    if unicodedata.east_asian_width(before) != "W" or "." in name:
        return True
    at = sign - 1
    while at >= 0 and _is_word(text[at]):
        at -= 1
    return at >= 0 and text[at] in _SIGNS


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"

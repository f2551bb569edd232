"""Finds web addresses in a text; hashtags and mentions inside one do not count."""

import re
import unicodedata
from collections.abc import Iterator

# With a scheme; a few schemes have no slashes.
_WITH_SCHEME = re.compile(
    r"(?<![a-z0-9])(?:[a-z][a-z0-9+.-]{0,30}://|(?:mailto|tel|sms|xmpp|matrix|magnet|geo):(?=\S))",
    re.IGNORECASE | re.ASCII,
)
# Without a scheme, but with a path or query after the host name.
_WITHOUT_SCHEME = re.compile(
    r"(?<![\w@#\uff20\uff03./-])(?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,63}(?::[0-9]{1,5})?"
    r"(?=/|\?[\w.~%-]{1,64}=)"
)
_CLOSING = {")": "(", "]": "[", "}": "{"}


def web_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each address, in order."""
    at = 0
    while (start := _next_start(text, at)) is not None:
        at = _address_end(text, start)
        yield start, at


def _next_start(text: str, at: int) -> int | None:
    found = (_WITH_SCHEME.search(text, at), _WITHOUT_SCHEME.search(text, at))
    return min((match.start() for match in found if match is not None), default=None)


def _address_end(text: str, start: int) -> int:
    open_brackets: list[str] = []
    for at in range(start, len(text)):
        character = text[at]
        if _ends_address(character):
            return at
        if character in _CLOSING.values():
            open_brackets.append(character)
        # "(see https://example.org/a)" closes a bracket opened before the address.
        elif character in _CLOSING and (
            not open_brackets or open_brackets.pop() != _CLOSING[character]
        ):
            return at
    return len(text)


def _ends_address(character: str) -> bool:
    if character.isascii():
        return character.isspace() or character in '<>"'
    # Addresses hold letters of all scripts, but no quotes, full stops or pictures.
    return unicodedata.category(character)[0] in "CPSZ"

"""Finds #hashtags and @mentions in a caption, in any script."""

import re
import unicodedata

# More than this is spam; the caption keeps them, but they are not links.
HASHTAGS_MAX = 30
HASHTAG_CHARACTERS_MAX = 100
MENTIONS_MAX = 30

# What users accepts as a name, without a dot at its end: "@bob." mentions bob.
_MENTION = re.compile(r"@([a-z0-9_.]{0,29}[a-z0-9_])(?![a-z0-9_])", re.IGNORECASE | re.ASCII)

# Joiners stand inside words of Persian, Hindi and others (Unicode UAX 31, hashtag identifiers).
_JOINERS = "\u200c\u200d"


def hashtags_of(caption: str) -> list[str]:
    """The distinct hashtags without their sign, in order of appearance, folded to one spelling.

    A hashtag is a run of letters, marks, digits and underscores with at least one letter; it
    begins where no word or address goes on, so that "a#b" and "/#part" hold none.
    """
    found: dict[str, None] = {}
    position = 0
    while len(found) < HASHTAGS_MAX:
        sign = _next_sign(caption, position)
        if sign < 0:
            break
        position = _end_of_run(caption, sign + 1)
        tag = caption[sign + 1 : position].strip(_JOINERS)
        if _is_hashtag(tag) and not _continues_something(caption, sign):
            found.setdefault(_folded(tag))
    return list(found)


def folded_hashtag(text: str) -> str | None:
    """The text as a hashtag without its sign, folded; None if it is none, or more than one."""
    if _end_of_run(text, 0) < len(text) or not _is_hashtag(text.strip(_JOINERS)):
        return None
    return _folded(text.strip(_JOINERS))


def mentions_of(caption: str) -> list[str]:
    """The distinct usernames mentioned, in lower case, in order of appearance.

    Whether somebody has that name is not looked at. "alice@example.org" mentions nobody.
    """
    found: dict[str, None] = {}
    for match in _MENTION.finditer(caption):
        if len(found) < MENTIONS_MAX and not _continues_something(caption, match.start()):
            found.setdefault(match[1].lower())
    return list(found)


def _next_sign(caption: str, start: int) -> int:
    # U+FF03 is the full-width sign of East Asian keyboards.
    signs = [at for at in (caption.find("#", start), caption.find("\uff03", start)) if at >= 0]
    return min(signs, default=-1)


def _end_of_run(caption: str, start: int) -> int:
    end = start
    while end < len(caption) and (_is_word(caption[end]) or caption[end] in _JOINERS):
        end += 1
    return end


def _is_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _is_hashtag(tag: str) -> bool:
    return len(tag) <= HASHTAG_CHARACTERS_MAX and any(
        unicodedata.category(character)[0] == "L" for character in tag
    )


def _continues_something(caption: str, sign: int) -> bool:
    if sign == 0:
        return False
    before = caption[sign - 1]
    return _is_word(before) or before in "&/@#\uff03"


def _folded(tag: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold())

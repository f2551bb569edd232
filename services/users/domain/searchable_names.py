"""The form in which names are searched: what people type finds what others call themselves."""

import unicodedata

# A prefix that long tells people apart, and fits into a cursor whatever its letters.
SEARCHABLE_CHARACTERS_MAX = 40
QUERY_CHARACTERS_MAX = 64

# Part of usernames, so part of words everywhere.
_JOINERS = "._"

# Comes after every letter: what begins with a prefix is less than the prefix with this behind it.
_LAST_CHARACTER = "\U0010ffff"


def searchable_names(username: str, display_name: str) -> list[str]:
    """The username, and the display name from each of its words on: "anna lee" and "lee".

    So a prefix of one of these is a prefix of a word, or of several that follow one another.
    """
    words = _plain(display_name).split()
    tails = (" ".join(words[first:]).lstrip(_JOINERS) for first in range(len(words)))
    names = {username, *(tail[:SEARCHABLE_CHARACTERS_MAX].rstrip() for tail in tails)}
    return sorted(names - {""})


def search_prefix(query: str) -> str:
    """What a searchable name begins with, if the query means it; empty if it means nothing."""
    return " ".join(_plain(query).split())[:SEARCHABLE_CHARACTERS_MAX].rstrip()


def end_of_prefix(prefix: str) -> str:
    """Every name with this prefix is less than this, by code points."""
    return prefix + _LAST_CHARACTER


def _plain(text: str) -> str:
    """Without case and accents, and with a space for whatever stands between words."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(
        letter if _is_of_a_word(letter) else " "
        for letter in decomposed
        if unicodedata.category(letter) != "Mn"
    )


def _is_of_a_word(letter: str) -> bool:
    # Vowel signs of Indian scripts are marks with a width of their own (Mc).
    return letter.isalnum() or letter in _JOINERS or unicodedata.category(letter) == "Mc"

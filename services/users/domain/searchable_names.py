"""The searchable form of names: without case and accents."""

import unicodedata

# A prefix this long identifies people, and fits into a cursor in any script.
SEARCHABLE_CHARACTERS_MAX = 40
QUERY_CHARACTERS_MAX = 64

# Usernames may hold these, so words may, too.
_JOINERS = "._"

# Sorts after every letter: all names with a prefix are less than the prefix followed by this.
_LAST_CHARACTER = "\U0010ffff"


def searchable_names(username: str, display_name: str) -> list[str]:
    """The username, and the display name from each of its words on: "anna lee" and "lee".

    A prefix of one of these is then a prefix of one word or of several consecutive ones.
    """
    words = _plain(display_name).split()
    tails = (" ".join(words[first:]).lstrip(_JOINERS) for first in range(len(words)))
    names = {username, *(tail[:SEARCHABLE_CHARACTERS_MAX].rstrip() for tail in tails)}
    return sorted(names - {""})


def search_prefix(query: str) -> str:
    """The searchable form of a query; empty if nothing is left."""
    return " ".join(_plain(query).split())[:SEARCHABLE_CHARACTERS_MAX].rstrip()


def end_of_prefix(prefix: str) -> str:
    """An upper bound, by code points, of every name with this prefix."""
    return prefix + _LAST_CHARACTER


def _plain(text: str) -> str:
    """Remove case and accents, and put a space for everything between words."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(
        letter if _is_of_a_word(letter) else " "
        for letter in decomposed
        if unicodedata.category(letter) != "Mn"
    )


def _is_of_a_word(letter: str) -> bool:
    # Vowel signs of Indian scripts are marks with a width of their own (Mc).
    return letter.isalnum() or letter in _JOINERS or unicodedata.category(letter) == "Mc"

"""Passwords that are guessed first: those of a list, repetitions and runs."""

import unicodedata
from collections.abc import Set
from functools import cache
from itertools import pairwise

from shared.visible_text import is_ignorable

# What is repeated to make a password: "1212…", "abcabc…", "2026 2026 …".
_REPEATED_CHARACTERS_MAX = 5
# What is put around a word because a form wants a digit or a sign: "1", "!", "2026", "123!".
_PUT_AROUND_MAX = 4


def is_guessable(password: str) -> bool:
    """Whether a password is guessed early.

    Case, accents, spaces and what is invisible make no difference, and neither do a few digits and
    signs around a word. The list leaves out most
    repetitions and runs, since its library finds those by their pattern.
    """
    plain = _plain(password)
    repeated = _repeated_part(plain)
    return (
        len(repeated) <= _REPEATED_CHARACTERS_MAX
        or not _list().isdisjoint({repeated, _word_of(plain)})
        or _is_run(plain)
    )


def is_made_of(password: str, name: str) -> bool:
    """Whether a password is the name, or the name with a few digits and signs around it."""
    plain, word = _plain(password), _plain(name)
    return bool(word) and word in {plain, _word_of(plain)}


@cache
def _list() -> Set[str]:
    """The 30,000 passwords of zxcvbn's list.

    Loaded with the first new password: it costs time and memory that most processes never need.
    """
    # Only the list: with a crafted password, zxcvbn's estimate takes a second of processor time.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = (one for one in decomposed if not is_ignorable(one) and not one.isspace())
    return "".join(letter for letter in seen if unicodedata.category(letter) != "Mn")


def _word_of(plain: str) -> str:
    """The text without the digits and signs around it; all of it if those are many."""
    letters = [place for place, character in enumerate(plain) if character.isalpha()]
    if not letters:
        return plain
    word = plain[letters[0] : letters[-1] + 1]
    return word if len(plain) - len(word) <= _PUT_AROUND_MAX else plain


def _repeated_part(text: str) -> str:
    """The shortest beginning that makes the text by repeating; its last copy may be cut off."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return text[:length]
    return text


def _is_run(text: str) -> bool:
    """Whether each character is the next one of the alphabet, or each the one before."""
    return {ord(after) - ord(before) for before, after in pairwise(text)} in ({1}, {-1})

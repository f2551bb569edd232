"""A trace of a deleted account: what was wanted, and where it was found."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remains:
    """`rows` rows, keys, objects or cached pictures at `place` contain `wanted`."""

    place: str
    wanted: str
    rows: int


def names(wanted: str) -> str:
    """Return a pattern, for Python and Postgres, that finds the word as a whole; ignore case.

    A word is an id, a username or an address. `alice` is not found within `alice.m` or `malice`.
    """
    escaped = re.sub(r"([^0-9A-Za-z_])", r"\\\1", wanted)
    if wanted.isdecimal():
        return rf"(^|[^0-9]){escaped}($|[^0-9])"
    return rf"(^|[^0-9A-Za-z_.@]){escaped}($|[^0-9A-Za-z_.@]|\.($|[^0-9A-Za-z_]))"


def pattern_of(wanted: str) -> re.Pattern[str]:
    """Compile the pattern as the searches of texts use it."""
    return re.compile(names(wanted), re.IGNORECASE)

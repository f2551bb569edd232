"""One place where an id still stands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remains:
    """`rows` rows, keys or objects at `place` name the id."""

    place: str
    wanted_id: int
    rows: int


def names(wanted_id: int) -> str:
    """A regular expression for the id as a number of its own, for Python and Postgres alike."""
    return rf"(^|[^0-9]){wanted_id}($|[^0-9])"

"""A place where an id was found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remains:
    """`rows` rows, keys or objects at `place` contain the id."""

    place: str
    wanted_id: int
    rows: int


def names(wanted_id: int) -> str:
    """Return a regular expression, for Python and Postgres, that finds the id as a whole number."""
    return rf"(^|[^0-9]){wanted_id}($|[^0-9])"

"""Pages that fill a gap: a client knows a post, and asks for what stands right above it."""

from collections.abc import Sequence
from typing import TypeVar

from shared.cursors import decode_id_cursor

_Item = TypeVar("_Item")


def gap_start(since: int, cursor: str | None) -> int:
    """The id above which a page stands: of its cursor, else of the known post. Raises Invalid."""
    return decode_id_cursor(cursor) or since


def right_above(ascending: Sequence[_Item], limit: int) -> tuple[list[_Item], bool]:
    """A page, newest first, of items that were asked for `limit + 1` at a time; is there more?"""
    return list(reversed(ascending[:limit])), len(ascending) > limit

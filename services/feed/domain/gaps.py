"""Pages that fill a gap: a client names a post it has, and gets what lies directly above."""

from collections.abc import Sequence
from typing import TypeVar

from shared.cursors import decode_id_cursor

_Item = TypeVar("_Item")


def gap_start(since: int, cursor: str | None) -> int:
    """The id above which the page lies: the cursor's, else the known post's. Raises Invalid."""
    return decode_id_cursor(cursor) or since


def right_above(ascending: Sequence[_Item], limit: int) -> tuple[list[_Item], bool]:
    """Turn up to `limit + 1` ascending items into a page, newest first; True if more follow."""
    return list(reversed(ascending[:limit])), len(ascending) > limit

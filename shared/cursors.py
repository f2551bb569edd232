"""Opaque cursors that name where a page ended, checked when a client sends them back.

Each list declares the shape of its cursors. A cursor of another shape, or with a value that the
list cannot have issued, is refused.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson

from shared.errors import FieldError, Invalid
from shared.faults import fault

# Our cursors hold a few ids and are shorter than this.
CURSOR_CHARACTERS_MAX = 256
ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `least` to `most`; the defaults allow every id and version."""

    least: int = 0
    most: int = ID_MAX

    def is_part(self, value: object) -> bool:
        """Whether the list may have issued this value."""
        # `type` and not `isinstance`, because a Python bool is also an int.
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Text:
    """A text that matches `pattern` as a whole; NUL is refused because Postgres refuses it."""

    pattern: str

    def is_part(self, value: object) -> bool:
        """Whether the list may have issued this value."""
        return (
            isinstance(value, str)
            and "\0" not in value
            and re.fullmatch(self.pattern, value, re.DOTALL) is not None
        )


class CursorShape:
    """The ordered parts of a list's cursors, encoded as JSON in URL-safe Base64."""

    def __init__(self, *parts: Number | Text) -> None:
        self._parts = parts

    def encode(self, *values: int | str) -> str:
        """Encode the values as a cursor without padding."""
        return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()

    def decode(self, cursor: str) -> tuple[Any, ...]:
        """Return the cursor's values; raises Invalid if the list cannot have issued it."""
        values = self.find(cursor)
        if values is None:
            raise Invalid(errors=[FieldError("cursor", fault("unknown_cursor"))])
        return values

    def find(self, cursor: str) -> tuple[Any, ...] | None:
        """Return the values, or None where `decode` raises; for lists with several shapes."""
        values = self._read(cursor) if len(cursor) <= CURSOR_CHARACTERS_MAX else None
        if values is None or len(values) != len(self._parts):
            return None
        if not all(part.is_part(value) for part, value in zip(self._parts, values, strict=True)):
            return None
        return tuple(values)

    def _read(self, cursor: str) -> list[Any] | None:
        try:
            values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (binascii.Error, ValueError):
            return None
        return values if isinstance(values, list) else None


class DottedCursorShape(CursorShape):
    """Cursors of numbers only, written in hexadecimal and separated by dots."""

    def encode(self, *values: int | str) -> str:
        """Encode the values, which must be non-negative integers."""
        return ".".join(f"{value:x}" for value in values)

    def _read(self, cursor: str) -> list[Any] | None:
        # `int` alone would also accept signs, spaces, underscores and digits of other scripts.
        if re.fullmatch(r"[0-9a-f]{1,16}(\.[0-9a-f]{1,16})*", cursor) is None:
            return None
        return [int(part, 16) for part in cursor.split(".")]


# The most common shape: the id after which the next page starts.
ID_CURSOR = CursorShape(Number())


def decode_id_cursor(cursor: str | None) -> int | None:
    """Return the id in an ID_CURSOR; None stays None, for a first page. Raises Invalid."""
    return None if cursor is None else int(ID_CURSOR.decode(cursor)[0])

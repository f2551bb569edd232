"""Opaque cursors: where a page ended. What comes back is checked before a list sees it.

Each list declares the shape of its cursors. One of another shape, or with a number or a text that
the list cannot have given, is refused.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson

from shared.errors import FieldError, Invalid
from shared.faults import fault

# A cursor holds a few ids; a longer one was not made here.
CURSOR_CHARACTERS_MAX = 256
ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two others; unless said otherwise, what an id or a version may be."""

    least: int = 0
    most: int = ID_MAX

    def is_part(self, value: object) -> bool:
        """Whether the list may have put this value in."""
        # `type` and not `isinstance`: true and false are numbers to Python.
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which all has to match; the database takes no NUL, so none does."""

    pattern: str

    def is_part(self, value: object) -> bool:
        """Whether the list may have put this value in."""
        return (
            isinstance(value, str)
            and "\0" not in value
            and re.fullmatch(self.pattern, value, re.DOTALL) is not None
        )


class CursorShape:
    """The parts of a list's cursors in their order; written as JSON in URL-safe Base64."""

    def __init__(self, *parts: Number | Text) -> None:
        self._parts = parts

    def encode(self, *values: int | str) -> str:
        """A cursor with these values; without padding."""
        return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()

    def decode(self, cursor: str) -> tuple[Any, ...]:
        """The values again; raises Invalid if no page of the list gave this cursor."""
        values = self.find(cursor)
        if values is None:
            raise Invalid(errors=[FieldError("cursor", fault("unknown_cursor"))])
        return values

    def find(self, cursor: str) -> tuple[Any, ...] | None:
        """The values again, or None, for a list that has cursors of several shapes."""
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
    """Numbers only, written in hexadecimal with dots between them."""

    def encode(self, *values: int | str) -> str:
        """A cursor with these values."""
        return ".".join(f"{value:x}" for value in values)

    def _read(self, cursor: str) -> list[Any] | None:
        # Python would also read signs, spaces, underscores and the digits of other scripts.
        if re.fullmatch(r"[0-9a-f]{1,16}(\.[0-9a-f]{1,16})*", cursor) is None:
            return None
        return [int(part, 16) for part in cursor.split(".")]


# The commonest: the id after which the page goes on.
ID_CURSOR = CursorShape(Number())


def decode_id_cursor(cursor: str | None) -> int | None:
    """The id in a cursor of that shape; None starts at the newest. Raises Invalid."""
    return None if cursor is None else int(ID_CURSOR.decode(cursor)[0])

"""Opaque cursors: where a page ended, in the words of its store."""

import base64
import binascii

import orjson

from shared.errors import FieldError, Invalid

# A cursor holds a few ids; a longer one was not made here.
CURSOR_CHARACTERS_MAX = 256


def encode_cursor(*parts: int | str) -> str:
    """Parts in an order that the store knows; URL-safe, without padding."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type[int] | type[str]) -> tuple[int | str, ...]:
    """The parts again; with `kinds`, exactly so many of these types. Raises Invalid otherwise."""
    parts = _parts(cursor)
    if parts is None or not all(type(part) in {int, str} for part in parts):
        raise _not_a_cursor()
    if kinds and tuple(type(part) for part in parts) != kinds:
        raise _not_a_cursor()
    return tuple(parts)


def decode_id_cursor(cursor: str | None) -> int | None:
    """For the commonest cursor, the id after which the page goes on; None starts at the newest."""
    if cursor is None:
        return None
    (after,) = decode_cursor(cursor, int)
    return int(after)


def _parts(cursor: str) -> list[int | str] | None:
    if len(cursor) > CURSOR_CHARACTERS_MAX:
        return None
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return None
    return decoded if isinstance(decoded, list) else None


def _not_a_cursor() -> Invalid:
    return Invalid(errors=[FieldError("cursor", "No page of this list gave this cursor.")])

"""Writes rows of an export in the format of the public API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.wire_time import wire_time

# Object keys of the store mean nothing to the account's owner.
_LEFT_OUT = frozenset({"key", "avatar_key"})

_IDS = frozenset({"id", "reply_to"})


def exported(item: Any) -> Any:
    """Return a copy with ids as decimal strings and times in wire format, at any depth."""
    if isinstance(item, Mapping):
        return {name: _named(name, value) for name, value in item.items() if name not in _LEFT_OUT}
    if isinstance(item, datetime):
        return wire_time(item)
    if isinstance(item, list | tuple):
        return [exported(one) for one in item]
    return item


def _named(name: str, value: Any) -> Any:
    if name in _IDS or name.endswith("_id"):
        return None if value is None else str(value)
    if name.endswith("_ids"):
        return [str(one) for one in value]
    return exported(value)

"""How an export writes what services hold: as the public API would."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.wire_time import wire_time

# Names of objects in the store and of their copies mean nothing outside.
_LEFT_OUT = frozenset({"key", "avatar_key"})

_IDS = frozenset({"id", "reply_to"})


def exported(item: Any) -> Any:
    """Ids as strings of digits and times as the public API writes them, however deep they stand."""
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

"""An archive as its owner sees it."""

from datetime import datetime, timedelta

from shared.contracts.accounts import Archive
from shared.wire_time import wire_time

# Long enough for somebody on holiday; it holds everything about them, so not longer.
KEPT = timedelta(days=7)

CONTENT_TYPE = "application/zip"


def composing() -> Archive:
    """An archive whose photos are still being added."""
    return {
        "state": "composing",
        "key": None,
        "bytes": None,
        "ready_at": None,
        "expires_at": None,
    }


def ready(key: str, size: int, ready_at: datetime) -> Archive:
    """An archive that can be fetched."""
    return {
        "state": "ready",
        "key": key,
        "bytes": size,
        "ready_at": wire_time(ready_at),
        "expires_at": wire_time(ready_at + KEPT),
    }

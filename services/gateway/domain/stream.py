"""What connected viewers are told, how events are ordered, and how many streams a viewer has."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.stream import About, EventKind
from shared.errors import TooManyRequests

KINDS: tuple[EventKind, ...] = ("home", "activity", "photo")

# Phones and computers of one person. A ninth takes the place of the oldest.
STREAMS_MAX = 8
# A stream stands for so long before it gives way: else nine of them would chase each other, and
# whoever opens hundreds would be let in hundreds of times.
STANDS_MS = 30_000


class TooManyStreams(TooManyRequests):
    """The viewer has as many streams as there may be, and all of them are new."""

    code = "too_many_streams"
    title = "Too many streams of this account have just been opened."


@dataclass(frozen=True, slots=True)
class Told:
    """Something new is there; `missed` says that there may be more than `about` names."""

    id: str
    kind: EventKind
    missed: bool = False
    about: tuple[About, ...] = ()


def order_of(event_id: str) -> tuple[int, int]:
    """Ids in their order: milliseconds, then a number. Raises ValueError for what is no id."""
    milliseconds, number = event_id.split("-")
    if not (milliseconds.isdecimal() and number.isdecimal()) or len(event_id) > 30:
        raise ValueError("not an id of an event")
    return int(milliseconds), int(number)


def place_name(now_ms: int, nonce: str) -> str:
    """Of the place of a stream that begins now; the names of older ones sort before it."""
    return f"{now_ms:015d}-{nonce}"


def place_to_free(held: Sequence[str], now_ms: int) -> str | None:
    """Which of the places of a viewer must go for one more; None if there is room.

    Raises TooManyStreams if none of them has stood for long enough.
    """
    if len(held) < STREAMS_MAX:
        return None
    oldest = min(held)
    stood_ms = now_ms - int(oldest.partition("-")[0])
    if stood_ms < STANDS_MS:
        raise too_many_streams()
    return oldest


def too_many_streams() -> TooManyStreams:
    """With when there will be a place."""
    return TooManyStreams(retry_after_s=STANDS_MS // 1000)

"""Events for connected viewers, their order, and the limit of streams per viewer."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.stream import About, EventKind
from shared.errors import TooManyRequests

KINDS: tuple[EventKind, ...] = ("home", "activity", "photo")

# One person's phones and computers. A ninth stream replaces the oldest.
STREAMS_MAX = 8
# A stream is safe for this long. Otherwise nine of them would displace each other in circles, and a
# client that opens hundreds would be admitted hundreds of times.
STANDS_MS = 30_000


class TooManyStreams(TooManyRequests):
    """The viewer has the most streams allowed, and all of them are new."""

    code = "too_many_streams"
    title = "This account has just opened too many streams."


@dataclass(frozen=True, slots=True)
class Told:
    """Something new exists; `missed` says that there may be more than `about` names."""

    id: str
    kind: EventKind
    missed: bool = False
    about: tuple[About, ...] = ()


def order_of(event_id: str) -> tuple[int, int]:
    """The sort key of an event id: milliseconds, then a number.

    Raises ValueError for a malformed id.
    """
    milliseconds, number = event_id.split("-")
    if not (milliseconds.isdecimal() and number.isdecimal()) or len(event_id) > 30:
        raise ValueError("not an id of an event")
    return int(milliseconds), int(number)


def place_name(now_ms: int, nonce: str) -> str:
    """The name of the place of a stream that begins now; older names sort before it."""
    return f"{now_ms:015d}-{nonce}"


def place_to_free(held: Sequence[str], now_ms: int) -> str | None:
    """The viewer's place that must give way to one more; None if there is room.

    Raises TooManyStreams if the oldest is too new.
    """
    if len(held) < STREAMS_MAX:
        return None
    oldest = min(held)
    stood_ms = now_ms - int(oldest.partition("-")[0])
    if stood_ms < STANDS_MS:
        raise too_many_streams()
    return oldest


def too_many_streams() -> TooManyStreams:
    """The error, with the time after which a place may be free."""
    return TooManyStreams(retry_after_s=STANDS_MS // 1000)

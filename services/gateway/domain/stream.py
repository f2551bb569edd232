"""What connected viewers are told, and how events are ordered."""

from dataclasses import dataclass

from shared.contracts.stream import EventKind

KINDS: tuple[EventKind, ...] = ("home", "activity")


@dataclass(frozen=True, slots=True)
class Told:
    """Something new is there; `missed` says that there may be more than the events told of."""

    id: str
    kind: EventKind
    missed: bool = False


def order_of(event_id: str) -> tuple[int, int]:
    """Ids in their order: milliseconds, then a number. Raises ValueError for what is no id."""
    milliseconds, number = event_id.split("-")
    if not (milliseconds.isdecimal() and number.isdecimal()) or len(event_id) > 30:
        raise ValueError("not an id of an event")
    return int(milliseconds), int(number)

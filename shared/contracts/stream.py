"""What feed tells gateways for the viewers who are connected to them."""

from typing import Literal

from typing_extensions import TypedDict

EventKind = Literal["activity", "home"]


class StreamEvent(TypedDict):
    """Something new is there for these viewers.

    Ids are of Redis: milliseconds, a dash, a number. They grow, also when Redis was emptied.
    """

    id: str
    kind: EventKind
    viewer_ids: list[int]


class StreamEvents(TypedDict):
    """The events after an id, oldest first; `last_id` is where to go on."""

    events: list[StreamEvent]
    last_id: str


class Listening(TypedDict):
    """Of those who listen now, the ones who have listened all the time: they missed nothing."""

    known: list[int]

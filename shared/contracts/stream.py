"""What feed tells gateways for the viewers who are connected to them."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

EventKind = Literal["activity", "home", "photo"]

# Of one event; what is beyond is said by `missed`.
ABOUT_MAX = 40


class About(TypedDict):
    """What an event is about: the ids that are known, as decimal digits.

    `what` is the kind of a deed, or the state of a photo.
    """

    what: NotRequired[str]
    post_id: NotRequired[str]
    user_id: NotRequired[str]
    comment_id: NotRequired[str]
    photo_id: NotRequired[str]


class PhotoEnd(TypedDict):
    """An upload's photo has become ready, or failed."""

    owner_id: int
    photo_id: int
    state: Literal["ready", "failed"]


class StreamEvent(TypedDict):
    """Something new is there for these viewers; `missed` if `about` does not name all of it.

    Ids are of Redis: milliseconds, a dash, a number. They grow, also when Redis was emptied.
    """

    id: str
    kind: EventKind
    viewer_ids: list[int]
    about: list[About]
    missed: bool


class StreamEvents(TypedDict):
    """The events after an id, oldest first; `last_id` is where to go on."""

    events: list[StreamEvent]
    last_id: str


class Listening(TypedDict):
    """Of those who listen now, the ones who have listened all the time: they missed nothing."""

    known: list[int]

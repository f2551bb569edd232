"""Events that feed sends to gateways for their connected viewers."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

EventKind = Literal["activity", "home", "photo"]

# Entries of `about` in one event; `missed` tells that there were more.
ABOUT_MAX = 40


class About(TypedDict):
    """What an event is about; ids are decimal digits.

    `what` is the kind of an activity, or the state of a photo.
    """

    what: NotRequired[str]
    post_id: NotRequired[str]
    user_id: NotRequired[str]
    comment_id: NotRequired[str]
    photo_id: NotRequired[str]


class PhotoEnd(TypedDict):
    """A photo has become ready or failed; upload tells feed."""

    owner_id: int
    photo_id: int
    state: Literal["ready", "failed"]


class StreamEvent(TypedDict):
    """These viewers have something new; `missed` means that `about` is not complete.

    Ids have the form of Redis stream ids: milliseconds, a dash, a number. They keep growing even
    after Redis lost its data.
    """

    id: str
    kind: EventKind
    viewer_ids: list[int]
    about: list[About]
    missed: bool


class StreamEvents(TypedDict):
    """The events after an id, oldest first; the next request passes `last_id`."""

    events: list[StreamEvent]
    last_id: str


class Listening(TypedDict):
    """The listening viewers who have listened without a gap, and so missed no event."""

    known: list[int]

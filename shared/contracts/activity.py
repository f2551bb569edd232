"""What feed says about what others did that concerns the viewer."""

from typing import Literal

from typing_extensions import TypedDict

from shared.contracts.people import Card

ActivityKind = Literal[
    "like", "comment", "reply", "comment_like", "mention", "follow", "follow_request"
]


class ActivityPost(TypedDict):
    """The post that a line is about; `thumb_key` is a host-free rendition key."""

    id: int
    thumb_key: str | None


class ActivityComment(TypedDict):
    """The comment that a line is about."""

    id: int
    text: str


class ActivityLine(TypedDict):
    """Some people did the same: the first ones by name, `actor_count` is how many they are.

    `id` is that of the newest deed in it.
    """

    id: int
    kind: ActivityKind
    actor_ids: list[int]
    actor_count: int
    post: ActivityPost | None
    comment: ActivityComment | None
    happened_at: str
    seen: bool


class ActivityPage(TypedDict):
    """A page of lines, newest first; `unseen_count` is of all lines.

    `people` has the card of each person named, by decimal id, as users decided for this viewer.
    """

    items: list[ActivityLine]
    people: dict[str, Card]
    next_cursor: str | None
    unseen_count: int

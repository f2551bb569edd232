"""Shapes of feed's activity list: what others did that concerns the viewer."""

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
    """People who did the same thing: `actor_ids` names the latest of the `actor_count` people.

    `id` is the id of the newest action in the line.
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
    """A page of lines, newest first; `unseen_count` counts all lines, not only this page's.

    `people` maps decimal ids to the cards that users returned for this viewer.
    """

    items: list[ActivityLine]
    people: dict[str, Card]
    next_cursor: str | None
    unseen_count: int

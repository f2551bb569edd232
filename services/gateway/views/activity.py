"""Activity as the public API shows it."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.domain.visibility import CardsById
from services.gateway.views.people import Author, public_author
from services.gateway.views.wire_types import Id, MediaUrl, NextCursor, Time
from shared.contracts import activity as contract


class ActivityPost(TypedDict):
    """The post that a line is about."""

    id: Id
    thumb: MediaUrl | None


class ActivityComment(TypedDict):
    """The comment that a line is about."""

    id: Id
    text: Annotated[str, Field(examples=["Lovely #fog"])]


class ActivityLine(TypedDict):
    """Some people did the same thing: "carol and 11 others liked your photo"."""

    id: Id
    kind: contract.ActivityKind
    actors: Annotated[list[Author], Field(description="The latest people to act, at most three.")]
    actor_count: Annotated[int, Field(description="How many acted in all.", examples=[12])]
    post: ActivityPost | None
    comment: ActivityComment | None
    happened_at: Time
    seen: bool


class ActivityPage(TypedDict):
    """A page of lines, newest first."""

    items: list[ActivityLine]
    next_cursor: NextCursor
    unseen_count: Annotated[int, Field(description="Unseen lines on all pages.", examples=[1])]


def public_activity(page: contract.ActivityPage, url_of: UrlOf) -> ActivityPage:
    """Convert a page; feed has left out people whom the viewer may not know of."""
    return {
        "items": [_public_line(line, page["people"], url_of) for line in page["items"]],
        "next_cursor": page["next_cursor"],
        "unseen_count": page["unseen_count"],
    }


def _public_line(line: contract.ActivityLine, people: CardsById, url_of: UrlOf) -> ActivityLine:
    return {
        "id": str(line["id"]),
        "kind": line["kind"],
        "actors": [public_author(people[str(one)], url_of) for one in line["actor_ids"]],
        "actor_count": line["actor_count"],
        "post": _public_post(line["post"], url_of),
        "comment": _public_comment(line["comment"]),
        "happened_at": line["happened_at"],
        "seen": line["seen"],
    }


def _public_post(post: contract.ActivityPost | None, url_of: UrlOf) -> ActivityPost | None:
    if post is None:
        return None
    key = post["thumb_key"]
    return {"id": str(post["id"]), "thumb": None if key is None else url_of(key)}


def _public_comment(comment: contract.ActivityComment | None) -> ActivityComment | None:
    return None if comment is None else {"id": str(comment["id"]), "text": comment["text"]}

"""Comments as the public API shows them."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.domain.visibility import CardsById, may_be_read
from services.gateway.views.people import Author, public_author
from services.gateway.views.posts import Entities
from services.gateway.views.wire_types import HiddenCount, Id, NextCursor, Time
from shared.contracts import posts as contract


class CommentCounts(TypedDict):
    """Numbers of a comment."""

    likes: Annotated[int, Field(examples=[2])]


class CommentViewer(TypedDict):
    """The viewer's reaction to the comment."""

    liked: bool


class Comment(TypedDict):
    """A comment under a post."""

    id: Id
    post_id: Id
    author: Author
    text: Annotated[str, Field(examples=["@alice I can hear the horns #fog"])]
    hashtags: Annotated[list[str], Field(examples=[["fog"]])]
    mentions: Annotated[list[str], Field(examples=[["alice"]])]
    entities: Entities
    reply_to: Annotated[
        str | None,
        Field(description="The comment that this one replies to, which is no reply itself."),
    ]
    created_at: Time
    counts: CommentCounts
    viewer: CommentViewer


class CommentReply(TypedDict):
    """The reply to writing a comment."""

    comment: Comment


class CommentPage(TypedDict):
    """A page of comments, oldest first."""

    items: list[Comment]
    next_cursor: NextCursor
    hidden_count: HiddenCount


def public_comment(comment: contract.Comment, people: CardsById, url_of: UrlOf) -> Comment:
    """Convert a comment; its writer must be among `people`."""
    reply_to = comment["reply_to"]
    return {
        "id": str(comment["id"]),
        "post_id": str(comment["post_id"]),
        "author": public_author(people[str(comment["writer_id"])], url_of),
        "text": comment["text"],
        "hashtags": comment["hashtags"],
        "mentions": comment["mentions"],
        # A reply recorded by an older release may lack them.
        "entities": comment.get("entities", []),
        "reply_to": None if reply_to is None else str(reply_to),
        "created_at": comment["created_at"],
        "counts": {"likes": comment["like_count"]},
        "viewer": {"liked": comment["liked"]},
    }


def public_comments(
    comments: Iterable[contract.Comment], people: CardsById, url_of: UrlOf
) -> list[Comment]:
    """The comments that the viewer may read, in their order."""
    return [public_comment(one, people, url_of) for one in comments if may_be_read(one, people)]

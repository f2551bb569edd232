"""Posts and pages of posts as the public API shows them."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.domain.visibility import CardsById, may_be_met, may_be_shown
from services.gateway.views.people import Author, public_author
from services.gateway.views.photos import PostPhoto, public_post_photo
from services.gateway.views.wire_types import Id, NextCursor, Time, Version
from shared.contracts import posts as contract

Entities = Annotated[
    list[contract.Entity],
    Field(
        description="Links in the text to tags and people, in order of appearance.",
        examples=[
            [
                {"kind": "mention", "start": 26, "end": 30, "user_id": "493848221934518272"},
                {"kind": "hashtag", "start": 31, "end": 39, "tag": "morning"},
            ]
        ],
    ),
]


class PostCounts(TypedDict):
    """Numbers of a post."""

    likes: Annotated[int, Field(examples=[12])]
    comments: Annotated[int, Field(examples=[3])]


class PostViewer(TypedDict):
    """The viewer's reactions to the post."""

    liked: bool
    saved: bool


class Post(TypedDict):
    """One to ten photos published with a caption."""

    id: Id
    version: Version
    author: Author
    photos: list[PostPhoto]
    caption: Annotated[str, Field(examples=["Fog over the harbour with @bob #morning"])]
    hashtags: Annotated[list[str], Field(examples=[["morning"]])]
    mentions: Annotated[list[str], Field(examples=[["bob"]])]
    entities: Entities
    place: contract.Place | None
    created_at: Time
    edited_at: Annotated[str | None, Field(examples=[None])]
    pinned_at: Annotated[
        str | None, Field(description="When its author pinned it to the top of their page.")
    ]
    counts: PostCounts
    viewer: PostViewer


class PostReply(TypedDict):
    """The reply to publishing or editing."""

    post: Post


class PostPage(TypedDict):
    """A page of posts; the route defines their order."""

    items: list[Post]
    next_cursor: NextCursor


class Tag(TypedDict):
    """A hashtag without its sign."""

    name: Annotated[str, Field(examples=["morning"])]
    post_count: Annotated[int, Field(examples=[1204])]


class Tags(TypedDict):
    """The hashtags found, the most used first."""

    items: list[Tag]
    next_cursor: NextCursor


class HomePage(TypedDict):
    """A page of the home timeline."""

    items: list[Post]
    next_cursor: NextCursor
    completeness: Annotated[
        Literal["complete", "partial"],
        Field(description="`partial` if some part did not answer in time."),
    ]


def public_post(post: contract.Post, authors: CardsById, url_of: UrlOf) -> Post:
    """Convert a post; its author must be among `authors`."""
    return {
        "id": str(post["id"]),
        "version": post["version"],
        "author": public_author(authors[str(post["author_id"])], url_of),
        "photos": [public_post_photo(photo, url_of) for photo in post["photos"]],
        "caption": post["caption"],
        "hashtags": post["hashtags"],
        "mentions": post["mentions"],
        # A copy from before a release may lack them, for at most a day.
        "entities": post.get("entities") or [],
        "place": post["place"],
        "created_at": post["created_at"],
        "edited_at": post["edited_at"],
        # An older feed does not send it.
        "pinned_at": post.get("pinned_at"),
        "counts": {"likes": post["like_count"], "comments": post["comment_count"]},
        "viewer": {"liked": post["liked"], "saved": post["saved"]},
    }


def public_posts(posts: Iterable[contract.Post], authors: CardsById, url_of: UrlOf) -> list[Post]:
    """The posts that the viewer may see, in their order."""
    return [public_post(post, authors, url_of) for post in posts if may_be_shown(post, authors)]


def timeline_posts(posts: Iterable[contract.Post], authors: CardsById, url_of: UrlOf) -> list[Post]:
    """The posts that may show unasked in a timeline, in their order."""
    return [public_post(post, authors, url_of) for post in posts if may_be_met(post, authors)]

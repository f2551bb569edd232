"""Shapes of feed.internal: posts, comments and timelines."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.photos import PhotoSnapshot


class Place(TypedDict):
    """A place that the author names; degrees in WGS 84."""

    name: str
    lat: float
    lng: float


class Entity(TypedDict):
    """A linked part of a text: a hashtag has `tag`, a mention has `user_id`.

    The part reaches from `start` up to, but not including, `end`, in code points. `user_id` is a
    string of decimal digits, like all ids in the public API.
    """

    kind: Literal["hashtag", "mention"]
    start: int
    end: int
    tag: NotRequired[str]
    user_id: NotRequired[str]


class PostBody(TypedDict):
    """The part of a post that is equal for all viewers; a new field comes last and may be null."""

    id: int
    author_id: int
    photos: list[PhotoSnapshot]
    caption: str
    hashtags: list[str]
    mentions: list[str]
    place: Place | None
    created_at: str
    edited_at: str | None
    version: int
    pinned_at: str | None
    entities: list[Entity] | None


class Post(PostBody):
    """One to ten photos published with a caption; `liked` and `saved` are the viewer's."""

    like_count: int
    comment_count: int
    liked: bool
    saved: bool


class PostPage(TypedDict):
    """A page of posts, newest first."""

    items: list[Post]
    next_cursor: str | None


class TagFound(TypedDict):
    """A tag, the number of its posts, and the authors of the newest of them."""

    name: str
    post_count: int
    author_ids: list[int]


class TagsFound(TypedDict):
    """Tags that begin with the requested prefix, the most used first."""

    items: list[TagFound]


class HomePage(TypedDict):
    """A page of the home timeline.

    `completeness` is "partial" if some source did not answer in time.
    """

    items: list[Post]
    next_cursor: str | None
    completeness: Literal["complete", "partial"]


class Liked(TypedDict):
    """The reply of like and unlike."""

    liked: bool
    like_count: int


class PostCounts(TypedDict):
    """Number of posts by decimal author id."""

    counts: dict[str, int]


class Saved(TypedDict):
    """The reply of save and unsave."""

    saved: bool


class Pinned(TypedDict):
    """The reply of pin and unpin; `pinned_at` is null for a post that is not pinned."""

    pinned_at: str | None


class Comment(TypedDict):
    """A comment under a post; `reply_to` names a top-level comment, never another reply.

    `parent_writer_id` is the writer of that comment. A viewer who may not know about that writer
    does not see the replies either. `liked` is the viewer's.
    """

    id: int
    post_id: int
    writer_id: int
    reply_to: int | None
    parent_writer_id: int | None
    text: str
    hashtags: list[str]
    mentions: list[str]
    entities: list[Entity]
    created_at: str
    like_count: int
    liked: bool


class CommentPage(TypedDict):
    """A page of comments under one post, oldest first; `author_id` is the post's author."""

    author_id: int
    items: list[Comment]
    next_cursor: str | None


class LikersPage(TypedDict):
    """A page of ids of users who like one post, newest like first; `author_id` is its author."""

    author_id: int
    ids: list[int]
    next_cursor: str | None

"""What feed.internal says about posts and timelines."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.photos import PhotoSnapshot


class Place(TypedDict):
    """Where a post says it was taken; degrees in WGS 84."""

    name: str
    lat: float
    lng: float


class Entity(TypedDict):
    """A part of a text that links to something: `tag` of a hashtag, `user_id` of a mention.

    From `start` to before `end`, in code points. The id is decimal digits, as the public API shows
    it: gateways pass it on as it is.
    """

    kind: Literal["hashtag", "mention"]
    start: int
    end: int
    tag: NotRequired[str]
    user_id: NotRequired[str]


class PostBody(TypedDict):
    """What of a post is the same for every viewer; a new field comes last and may be null."""

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
    """A tag, how many posts have it, and the authors of the newest of them."""

    name: str
    post_count: int
    author_ids: list[int]


class TagsFound(TypedDict):
    """Tags that begin like something, the most used first."""

    items: list[TagFound]


class HomePage(TypedDict):
    """A page of the home timeline.

    `completeness` is "complete", or "partial" when some part could not be asked in time.
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
    """The reply of save and its opposite."""

    saved: bool


class Pinned(TypedDict):
    """The reply of pinning and its opposite; `pinned_at` is None for what is not pinned."""

    pinned_at: str | None


class Comment(TypedDict):
    """What somebody wrote under a post; `reply_to` is a comment that is no reply itself.

    `parent_writer_id` is whose comment that is: who may not know them does not see their replies.
    `liked` is the viewer's.
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
    """A page of comments, oldest first, under a post of this author."""

    author_id: int
    items: list[Comment]
    next_cursor: str | None


class LikersPage(TypedDict):
    """A page of the ids of those who like a post of this author, newest first."""

    author_id: int
    ids: list[int]
    next_cursor: str | None

"""What users.internal says about people, their sessions and the follow graph."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Card(TypedDict):
    """The few facts of a person that a list or a post shows.

    `may_view` is the one privacy decision for the viewer of the call: may this viewer see what
    this person publishes? `muting` is that viewer's wish not to meet them in the own timelines.
    `avatar_key` is a host-free rendition key.
    """

    id: int
    username: str
    display_name: str
    avatar_key: str | None
    is_private: bool
    may_view: bool
    muting: bool


class Cards(TypedDict):
    """Cards by decimal id; ids that do not exist, or that the viewer may not know, are left out."""

    cards: dict[str, Card]


class UserIds(TypedDict):
    """User ids by username; names of nobody, or of whom the viewer may not know, are left out."""

    ids: dict[str, int]


class Relationship(TypedDict):
    """How the viewer stands to one person."""

    following: bool
    followed_by: bool
    requested: bool
    blocking: bool
    muting: bool


class Profile(TypedDict):
    """A person's page without the number of posts, which feed knows."""

    id: int
    username: str
    display_name: str
    bio: str
    website: str
    avatar_key: str | None
    is_private: bool
    may_view: bool
    followers_count: int
    following_count: int
    relationship: Relationship
    version: int
    created_at: str
    email: NotRequired[str]


class Session(TypedDict):
    """A signed-in device with its pair of tokens, in clear only in this reply."""

    id: int
    access_token: str
    access_expires_at: str
    refresh_token: str
    refresh_expires_at: str


class SignedIn(TypedDict):
    """The reply of sign-up and sign-in: `user` has the private fields."""

    user: Profile
    session: Session


class RefreshedSession(TypedDict):
    """The reply of a refresh."""

    session: Session


class Device(TypedDict):
    """A session as its user is shown it; `last_seen_at` is when its tokens were last refreshed."""

    id: int
    device: str
    created_at: str
    last_seen_at: str


class Devices(TypedDict):
    """Where a user is signed in, the last refreshed first."""

    items: list[Device]


class SessionCheck(TypedDict):
    """Who an access token stands for."""

    user_id: int
    session_id: int
    expires_at_ms: int


class SessionAnswer(TypedDict):
    """What is known of one access token; its session only if it is good.

    Expired is what a refresh helps, ended what was revoked, made up what nobody was given; unknown
    is what could not be looked up at the moment.
    """

    state: Literal["good", "expired", "ended", "made_up", "unknown"]
    session: SessionCheck | None


class SessionAnswers(TypedDict):
    """One for each token that was asked about, in that order."""

    answers: list[SessionAnswer]


class RelationshipReply(TypedDict):
    """The reply of follow, unfollow and their kin."""

    relationship: Relationship


class Relationships(TypedDict):
    """How the viewer stands to several people, by decimal id."""

    relationships: dict[str, Relationship]


class PersonPage(TypedDict):
    """A page of people, newest edge first."""

    items: list[Card]
    next_cursor: str | None


class IdPage(TypedDict):
    """A page of user ids in ascending order; `next_after` continues it, None ends it.

    `total` says how many there are on all pages, with a first page that does not hold them all.
    """

    ids: list[int]
    next_after: int | None
    total: int | None


EventKind = Literal["request", "follow", "unfollow", "block", "privacy", "deletion"]


class GraphEvent(TypedDict):
    """A change that feed must know of; delivered at least once, in order per pair of users.

    `version` grows with each change of one (kind of edge, actor, subject): the receiver ignores
    what is older than it has seen.
    """

    id: int
    kind: EventKind
    actor_id: int
    subject_id: int
    version: int

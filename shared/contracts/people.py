"""Shapes of users.internal: people, their sessions and the follow graph."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Card(TypedDict):
    """The few facts about a person that a list or a post shows.

    `may_view` is users' decision whether the viewer of the call may see what this person
    publishes. `muting` keeps the person out of the viewer's timelines.
    `avatar_key` is a rendition key without a host.
    """

    id: int
    username: str
    display_name: str
    avatar_key: str | None
    is_private: bool
    may_view: bool
    muting: bool


class Cards(TypedDict):
    """Cards by decimal id, without unknown ids and people whom the viewer may not know about."""

    cards: dict[str, Card]


class UserIds(TypedDict):
    """User ids by username, without unknown names and people whom the viewer may not know about."""

    ids: dict[str, int]


class Relationship(TypedDict):
    """How the viewer relates to one person, and whether that person follows the viewer."""

    following: bool
    followed_by: bool
    requested: bool
    blocking: bool
    muting: bool


class Profile(TypedDict):
    """A person's profile; the number of posts is missing because feed has it."""

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
    email_is_verified: NotRequired[bool]


class Session(TypedDict):
    """A session with its pair of tokens; no other reply contains them."""

    id: int
    access_token: str
    access_expires_at: str
    refresh_token: str
    refresh_expires_at: str


class SignedIn(TypedDict):
    """The reply of sign-up and sign-in; `user` includes the private fields."""

    user: Profile
    session: Session
    device_token: str


class OpenedLink(TypedDict):
    """What the link of a message is for; it is done, but for a new password."""

    purpose: Literal["verify_address", "reset_password", "change_address", "undo_address"]


class RefreshedSession(TypedDict):
    """The reply of a refresh."""

    session: Session


class Device(TypedDict):
    """A session without its tokens; `last_seen_at` is the time of its latest refresh."""

    id: int
    device: str
    created_at: str
    last_seen_at: str


class Devices(TypedDict):
    """A user's sessions, the most recently refreshed first."""

    items: list[Device]


class SessionCheck(TypedDict):
    """The user and session of a valid access token."""

    user_id: int
    session_id: int
    expires_at_ms: int


class SessionAnswer(TypedDict):
    """The state of one access token; `session` is None unless the token is good.

    A refresh replaces an expired token. An ended session was revoked. A made-up token was never
    issued. The state is unknown while the session cannot be looked up.
    """

    state: Literal["good", "expired", "ended", "made_up", "unknown"]
    session: SessionCheck | None


class SessionAnswers(TypedDict):
    """One answer per token, in the order of the request."""

    answers: list[SessionAnswer]


class RelationshipReply(TypedDict):
    """The reply of every route that changes one edge, such as follow, block or mute."""

    relationship: Relationship


class Relationships(TypedDict):
    """The viewer's relationships to several people, by decimal id."""

    relationships: dict[str, Relationship]


class PersonPage(TypedDict):
    """A page of people, newest edge first."""

    items: list[Card]
    next_cursor: str | None


class CountedPersonPage(PersonPage):
    """A page of a list whose length is public; `hidden_count` of its people are left out."""

    hidden_count: int


class IdPage(TypedDict):
    """A page of user ids in ascending order; `next_after` is None on the last page.

    `total` counts the ids of all pages. Only a first page that another follows has it.
    """

    ids: list[int]
    next_after: int | None
    total: int | None


EventKind = Literal["request", "follow", "unfollow", "block", "privacy", "deletion"]


class GraphEvent(TypedDict):
    """A change of the follow graph, delivered to feed at least once, in order per pair of users.

    `version` grows with each change of one (kind of edge, actor, subject). The receiver ignores
    versions older than the newest it has seen.
    """

    id: int
    kind: EventKind
    actor_id: int
    subject_id: int
    version: int

"""People as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.views.wire_types import (
    DisplayName,
    HiddenCount,
    Id,
    MediaUrl,
    NextCursor,
    Time,
    Username,
    Version,
)
from shared.contracts import people as contract


class Author(TypedDict):
    """The author of a post or comment."""

    id: Id
    username: Username
    display_name: DisplayName
    avatar: MediaUrl | None


class Person(TypedDict):
    """A person in a list."""

    id: Id
    username: Username
    display_name: DisplayName
    avatar: MediaUrl | None
    is_private: bool


class PersonPage(TypedDict):
    """A page of people; the route defines their order."""

    items: list[Person]
    next_cursor: NextCursor


class CountedPersonPage(PersonPage):
    """A page of a list whose length is public."""

    hidden_count: HiddenCount


class UserCounts(TypedDict):
    """Numbers of a profile."""

    posts: Annotated[
        int | None, Field(description="Null if it is unknown at the moment.", examples=[42])
    ]
    followers: Annotated[int, Field(examples=[1200])]
    following: Annotated[int, Field(examples=[180])]


class User(TypedDict):
    """A person's profile as the viewer may see it."""

    id: Id
    username: Username
    display_name: DisplayName
    bio: Annotated[str, Field(examples=["Analogue things, mostly in the fog."])]
    website: Annotated[str, Field(examples=["https://alice.example"])]
    avatar: MediaUrl | None
    is_private: bool
    counts: UserCounts
    relationship: contract.Relationship
    created_at: Time


class Me(User):
    """The viewer's own profile, with the private fields."""

    email: Annotated[str, Field(examples=["alice@mail.example"])]
    email_is_verified: Annotated[
        bool, Field(description="Whether you have shown that you read it.", examples=[True])
    ]
    version: Version


def public_author(card: contract.Card, url_of: UrlOf) -> Author:
    """Convert a card to an author."""
    return {
        "id": str(card["id"]),
        "username": card["username"],
        "display_name": card["display_name"],
        "avatar": _avatar(card["avatar_key"], url_of),
    }


def public_person_page(page: contract.PersonPage, url_of: UrlOf) -> PersonPage:
    """Convert a page of any list of people."""
    return {
        "items": [
            {
                "id": str(card["id"]),
                "username": card["username"],
                "display_name": card["display_name"],
                "avatar": _avatar(card["avatar_key"], url_of),
                "is_private": card["is_private"],
            }
            for card in page["items"]
        ],
        "next_cursor": page["next_cursor"],
    }


def public_counted_page(page: contract.CountedPersonPage, url_of: UrlOf) -> CountedPersonPage:
    """Convert a page of a list whose length is public."""
    # Users of the version before does not send it.
    return {**public_person_page(page, url_of), "hidden_count": page.get("hidden_count", 0)}


def public_user(profile: contract.Profile, posts_count: int | None, url_of: UrlOf) -> User:
    """Convert a profile; `posts_count` is None if feed did not answer."""
    return {
        "id": str(profile["id"]),
        "username": profile["username"],
        "display_name": profile["display_name"],
        "bio": profile["bio"],
        "website": profile["website"],
        "avatar": _avatar(profile["avatar_key"], url_of),
        "is_private": profile["is_private"],
        "counts": {
            "posts": posts_count,
            "followers": profile["followers_count"],
            "following": profile["following_count"],
        },
        "relationship": profile["relationship"],
        "created_at": profile["created_at"],
    }


def public_me(profile: contract.Profile, posts_count: int | None, url_of: UrlOf) -> Me:
    """Convert the viewer's own profile; users returns the e-mail address to its owner only."""
    return {
        **public_user(profile, posts_count, url_of),
        "email": profile["email"],
        # Users of the version before does not send it.
        "email_is_verified": profile.get("email_is_verified", False),
        "version": profile["version"],
    }


def _avatar(key: str | None, url_of: UrlOf) -> str | None:
    return None if key is None else url_of(key)

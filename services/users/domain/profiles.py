"""People in the form in which users shows them to other services."""

from dataclasses import dataclass

from services.users.domain.visibility import STRANGERS, Relation, may_view
from shared.contracts.people import Card, Profile, Relationship
from shared.ids import created_at
from shared.wire_time import wire_time


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a list shows of a person."""

    id: int
    username: str
    display_name: str
    avatar_key: str | None
    is_private: bool


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What a profile page shows; only the person may see `email`."""

    card: CardFacts
    bio: str
    website: str
    followers_count: int
    following_count: int
    version: int
    email: str
    email_is_verified: bool


def new_profile(user_id: int, username: str, email: str) -> ProfileFacts:
    """The profile of a person who has just signed up."""
    card = CardFacts(user_id, username, display_name="", avatar_key=None, is_private=False)
    return ProfileFacts(
        card,
        bio="",
        website="",
        followers_count=0,
        following_count=0,
        version=1,
        email=email,
        email_is_verified=False,
    )


def card_of(card: CardFacts, viewer_id: int | None, relation: Relation) -> Card:
    """A card, with the privacy decision for the viewer."""
    return {
        "id": card.id,
        "username": card.username,
        "display_name": card.display_name,
        "avatar_key": card.avatar_key,
        "is_private": card.is_private,
        "may_view": may_view(viewer_id, card.id, relation, owner_is_private=card.is_private),
        "muting": relation.muting,
    }


def profile_of(person: ProfileFacts, viewer_id: int | None, relation: Relation) -> Profile:
    """A profile as others see it."""
    card = card_of(person.card, viewer_id, relation)
    return {
        "id": card["id"],
        "username": card["username"],
        "display_name": card["display_name"],
        "bio": person.bio,
        "website": person.website,
        "avatar_key": card["avatar_key"],
        "is_private": card["is_private"],
        "may_view": card["may_view"],
        "followers_count": person.followers_count,
        "following_count": person.following_count,
        "relationship": relationship_of(relation),
        "version": person.version,
        "created_at": wire_time(created_at(card["id"])),
    }


def own_profile_of(person: ProfileFacts) -> Profile:
    """A profile as its owner sees it, with the private fields."""
    profile = profile_of(person, person.card.id, STRANGERS)
    profile["email"] = person.email
    profile["email_is_verified"] = person.email_is_verified
    return profile


def relationship_of(relation: Relation) -> Relationship:
    """What the viewer learns; it does not include being blocked by the person."""
    return {
        "following": relation.following,
        "followed_by": relation.followed_by,
        "requested": relation.requested,
        "blocking": relation.blocking,
        "muting": relation.muting,
    }

"""Checks everything that a person may change in their profile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.users.domain.texts import (
    BIO_CHARACTERS_MAX,
    lines_fault,
    name_fault,
    website_fault,
)
from services.users.domain.usernames import username_fault
from shared.errors import Conflict, FieldError, Invalid
from shared.faults import Fault


class ProfileChanged(Conflict):
    """Another change, probably by the same person elsewhere, came in between."""

    code = "profile_changed"
    title = "The profile was changed at the same time; try again."


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """The fields that a person can change, and the version they were read at."""

    username: str
    display_name: str
    bio: str
    website: str
    is_private: bool
    avatar_photo_id: int | None
    avatar_key: str | None
    version: int


# Field of a profile → its rule, which tells why a value is refused.
_RULES: Mapping[str, Callable[[str], Fault | None]] = {
    "username": username_fault,
    "display_name": name_fault,
    "bio": lambda text: lines_fault(text, BIO_CHARACTERS_MAX),
    "website": website_fault,
}


def check_profile_change(changes: Mapping[str, Any], present_username: str) -> None:
    """Raise Invalid that names every bad field of `changes`.

    An unchanged username is not checked: the rules may have become stricter since.
    """
    faults = {field: rule(changes[field]) for field, rule in _RULES.items() if field in changes}
    if changes.get("username") == present_username:
        faults["username"] = None
    errors = [FieldError(field, found) for field, found in faults.items() if found is not None]
    if errors:
        raise Invalid(errors=errors)

"""What a person may change of the own profile, checked together."""

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
    """Somebody, most likely the same person elsewhere, has changed it in between."""

    code = "profile_changed"
    title = "The profile was changed at the same time; try again."


@dataclass(frozen=True, slots=True)
class ProfileFields:
    """What a person can change, and the version that it was read at."""

    username: str
    display_name: str
    bio: str
    website: str
    is_private: bool
    avatar_photo_id: int | None
    avatar_key: str | None
    version: int


# Field of a profile → why a value is not acceptable.
_RULES: Mapping[str, Callable[[str], Fault | None]] = {
    "username": username_fault,
    "display_name": name_fault,
    "bio": lambda text: lines_fault(text, BIO_CHARACTERS_MAX),
    "website": website_fault,
}


def check_profile_change(changes: Mapping[str, Any], present_username: str) -> None:
    """Raises Invalid that names every unacceptable field of `changes`.

    A username that is not changed is not judged: rules may have become stricter since.
    """
    faults = {field: rule(changes[field]) for field, rule in _RULES.items() if field in changes}
    if changes.get("username") == present_username:
        faults["username"] = None
    errors = [FieldError(field, found) for field, found in faults.items() if found is not None]
    if errors:
        raise Invalid(errors=errors)

"""The names that are unique among all accounts, and where in the directory each is kept."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from services.users.domain.emails import (
    EMAIL_CHARACTERS_MAX,
    EmailTaken,
    email_key,
    former_email_key,
    former_keys_of_mailbox,
)
from services.users.domain.usernames import UsernameTaken, is_username, username_key
from shared.errors import Conflict

NameKind = Literal["username", "email"]

# Reserving, hashing a password and committing take well under a second; an account whose sign-up
# broke off in between leaves its name free again after this.
RESERVATION = timedelta(seconds=30)
# A renamed person's old name is kept from others for so long.
RETIREMENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Name:
    """A username or an e-mail address in the form under which it is looked up."""

    kind: NameKind
    key: str


def username_of(username: str) -> Name:
    """The name that a username takes in the directory."""
    return Name("username", username_key(username))


def email_of(email: str) -> Name:
    """The name that an e-mail address takes in the directory."""
    return Name("email", email_key(email))


def names_of_login(login: str) -> list[Name]:
    """What somebody signs in with: no username holds an @, every address does.

    Of an address, first the key by which it may still stand where its account has not been moved,
    then its key of today. Empty if no account can have such a name.
    """
    if "@" not in login:
        return [username_of(login)] if is_username(username_key(login)) else []
    keys = dict.fromkeys((former_email_key(login), email_key(login)))
    return [Name("email", key) for key in keys if len(key) <= EMAIL_CHARACTERS_MAX]


def former_names_of_mailbox(email: str) -> list[Name]:
    """The names by which an account of before may hold this mailbox; not that of today."""
    keys = former_keys_of_mailbox(email) - {email_key(email)}
    return [Name("email", key) for key in sorted(keys)]


def shard_of_name(name: Name, shard_count: int) -> int:
    """The shard of the directory that decides about this name; `shard_count` is a power of two."""
    return hashed_shard(f"{name.kind}:{name.key}", shard_count)


def hashed_shard(text: str, shard_count: int) -> int:
    """A shard for something that has no id; spread evenly and the same in every process."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) & (shard_count - 1)


def taken(name: Name) -> Conflict:
    """The error that tells which of the two names somebody else has."""
    return UsernameTaken() if name.kind == "username" else EmailTaken()

"""Names that are unique among all accounts, and their shards in the directory."""

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

# Reserve, hash and commit take well under a second. A sign-up that broke off frees its name after
# this time.
RESERVATION = timedelta(seconds=30)
# A renamed person's old name stays reserved for this long.
RETIREMENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Name:
    """A username or an e-mail address as its directory key."""

    kind: NameKind
    key: str


def username_of(username: str) -> Name:
    """The directory name of a username."""
    return Name("username", username_key(username))


def email_of(email: str) -> Name:
    """The directory name of an e-mail address."""
    return Name("email", email_key(email))


def names_of_login(login: str) -> list[Name]:
    """The directory names of a login; every address contains an @, and no username does.

    For an address, the former key comes first, since its account may not be moved yet. Empty if no
    account can have such a name.
    """
    if "@" not in login:
        return [username_of(login)] if is_username(username_key(login)) else []
    keys = dict.fromkeys((former_email_key(login), email_key(login)))
    return [Name("email", key) for key in keys if len(key) <= EMAIL_CHARACTERS_MAX]


def former_names_of_mailbox(email: str) -> list[Name]:
    """Names by which an account of older rules may hold this mailbox, without the current one."""
    keys = former_keys_of_mailbox(email) - {email_key(email)}
    return [Name("email", key) for key in sorted(keys)]


def shard_of_name(name: Name, shard_count: int) -> int:
    """The directory shard that decides about this name; `shard_count` is a power of two."""
    return hashed_shard(f"{name.kind}:{name.key}", shard_count)


def hashed_shard(text: str, shard_count: int) -> int:
    """A shard for a text; evenly spread, and the same in every process."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) & (shard_count - 1)


def taken(name: Name) -> Conflict:
    """The error that tells which kind of name is taken."""
    return UsernameTaken() if name.kind == "username" else EmailTaken()

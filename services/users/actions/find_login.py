"""Finds the account that somebody means by a username or an address."""

from collections.abc import Sequence

from services.users.domain.emails import email_key
from services.users.domain.names import Name, names_of_login, username_of
from services.users.store.accounts import Credentials, find_credentials
from services.users.store.directory import find_entry
from shared.sharding.shard_group import ShardGroup

# No account has this id; asking for it takes as long as for an existing one.
NOBODY = 0


async def find_login(group: ShardGroup, login: str) -> Credentials | None:
    """The account; the work is the same whether or not there is one."""
    found = None
    for name in names_of_login(login) or (None,):
        entry = None if name is None else await find_entry(group, name)
        # A reservation is enough: directly after a sign-up it may not be confirmed yet.
        user_id = NOBODY if entry is None else entry.holder.user_id
        credentials = await find_credentials(group, user_id)
        if found is None and credentials is not None and _has_name(credentials, name, login):
            found = credentials
    return found


def key_of_login(names: Sequence[Name], login: str) -> str:
    """The text by which guesses for a login are counted."""
    return names[-1].key if names else login


def _has_name(credentials: Credentials, name: Name | None, login: str) -> bool:
    if name is not None and name.kind == "username":
        return username_of(credentials.username) == name
    # A key of older rules may also be that of another mailbox.
    return email_key(credentials.email) == email_key(login)

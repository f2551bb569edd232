"""Accounts: their private facts, their creation, and how a slow creation is prevented."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.users.domain.emails import EMAIL_RULES, former_email_key
from services.users.domain.mails import Language
from services.users.domain.names import Name, email_of, username_of
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The row that a sign-up writes."""

    user_id: int
    username: str
    email: str
    password_hash: str
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in compares, with the current username and address."""

    user_id: int
    username: str
    email: str
    password_hash: str
    is_suspended: bool
    is_verified: bool = False
    language: Language = "en"


async def new_user_id(group: ShardGroup, shard: int) -> int:
    """A new id in that shard, which no account has had or will have."""
    user_id: int = await group.reader(shard).value(_SQL["new_user_id"])
    return user_id


async def keeps_name(group: ShardGroup, user_id: int, name: Name) -> bool:
    """Whether the account has the name; if not, nothing now under way can still give it the name.

    An unknown account becomes void. Its row has the account's key, so either a slow sign-up or the
    taker of its name succeeds, never both. A profile without the name gets a new version, which
    makes a slow renaming fail. Call this before every change of the directory that takes a name
    away.
    """
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["void_account"], user_id=user_id)
        row = await tx.row(_SQL["names_of_account"], user_id=user_id)
        if row is None:
            return False
        keeps = name in _names(row["username"], row["email"] if row["is_verified"] else None)
        if not keeps:
            await tx.execute(_SQL["bump_version"], user_id=user_id)
        return keeps


async def insert_account(tx: Transaction, account: NewAccount) -> bool:
    """Write account and profile; False if the account is void."""
    inserted = await tx.value(
        _SQL["insert_account"],
        user_id=account.user_id,
        email=account.email,
        password_hash=account.password_hash,
        email_rules=EMAIL_RULES,
        language=account.language,
    )
    if inserted is None:
        return False
    await tx.execute(_SQL["insert_profile"], user_id=account.user_id, username=account.username)
    return True


async def find_credentials(group: ShardGroup, user_id: int) -> Credentials | None:
    """The credentials of an active account; None if there is none."""
    reader = group.reader(group.shard_of(user_id))
    row = await reader.row(_SQL["credentials"], user_id=user_id)
    if row is None:
        return None
    return Credentials(**row)


async def addresses_of_older_rules(group: ShardGroup, per_shard: int) -> dict[int, dict[int, str]]:
    """Addresses whose directory key may have to move, by shard and account."""
    rows = await group.rows_across(
        _SQL["accounts_of_older_rules"], group.shards(), rules=EMAIL_RULES, limit=per_shard
    )
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for row in rows:
        found[group.shard_of(row["user_id"])][row["user_id"]] = row["email"]
    return found


async def note_email_rules(group: ShardGroup, shard: int, user_ids: Sequence[int]) -> None:
    """Record that accounts of a shard have the keys of the current rules."""
    async with group.writer(shard) as tx:
        await tx.execute(_SQL["note_email_rules"], user_ids=list(user_ids), rules=EMAIL_RULES)


async def suspend_account(tx: Transaction, user_id: int) -> bool:
    """Bar sign-ins and hide the account; False if there is none or it is suspended already."""
    return bool(await tx.execute(_SQL["suspend"], user_id=user_id))


async def reinstate_account(tx: Transaction, user_id: int) -> bool:
    """Undo a suspension; False if the account is not suspended."""
    return bool(await tx.execute(_SQL["reinstate"], user_id=user_id))


async def lock_credentials(tx: Transaction, verified: Credentials) -> bool:
    """Lock the password until the transaction ends; False if it has changed."""
    same: bool | None = await tx.value(
        _SQL["lock_credentials"],
        user_id=verified.user_id,
        verified_hash=verified.password_hash,
    )
    return same is not None


async def change_password_hash(tx: Transaction, verified: Credentials, password_hash: str) -> bool:
    """Replace the verified hash; False if it has changed meanwhile."""
    changed = await tx.execute(
        _SQL["change_password_hash"],
        user_id=verified.user_id,
        password_hash=password_hash,
        verified_hash=verified.password_hash,
    )
    return changed == 1


async def set_password_hash(tx: Transaction, user_id: int, password_hash: str) -> None:
    """Replace the hash, whatever it was: a code of the account's address has proven the owner."""
    await tx.execute(_SQL["set_password_hash"], user_id=user_id, password_hash=password_hash)


def _names(username: str, email: str | None) -> frozenset[Name]:
    """What the account is known by: an address that it has not verified is nobody's."""
    if email is None:
        return frozenset({username_of(username)})
    former = Name("email", former_email_key(email))
    return frozenset({username_of(username), email_of(email), former})

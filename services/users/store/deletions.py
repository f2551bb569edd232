"""Deleted accounts: their receipts, and finding what is left of them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from services.users.domain.names import RETIREMENT, Name, shard_of_name
from services.users.domain.receipts import Receipt
from services.users.domain.session_tokens import SessionTokens
from services.users.store.account_tables import TABLES
from services.users.store.accounts import Credentials
from shared.jobs.expired_rows import Expiry
from shared.sharding.account_tables import erase_tables
from shared.sharding.idempotency import forget_requests_of
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Whoever has lost an account can ask for this long how far the deletion has got.
_RECEIPT_KEPT_S = 30 * 24 * 3600.0

OLD_RECEIPTS = Expiry(_SQL["end_old_receipts"], _RECEIPT_KEPT_S)
OLD_HOLDS = Expiry(_SQL["end_old_holds"], 0)

Part = Literal["users", "feed", "upload"]
Direction = Literal["out", "in"]


@dataclass(frozen=True, slots=True)
class Progress:
    """When each service finished; None if it has not."""

    receipt: Receipt
    requested_at: datetime
    finished_at: dict[Part, datetime | None]


async def void_account(tx: Transaction, verified: Credentials, receipt: Receipt) -> bool:
    """Empty the account and write its receipt; False if its password has changed meanwhile."""
    changed = await tx.execute(
        _SQL["void_account"], user_id=verified.user_id, verified_hash=verified.password_hash
    )
    if changed == 0:
        return False
    await erase_tables(tx, TABLES, receipt.user_id)
    await tx.execute(_SQL["forget_sign_up"], user_id=receipt.user_id)
    await tx.execute(_SQL["insert_deletion"], user_id=receipt.user_id, secret=receipt.secret)
    return True


async def delete_sessions(tx: Transaction, user_id: int) -> list[int]:
    """Delete the rows of all sessions, ended ones included, and return their ids."""
    rows = await tx.rows(_SQL["delete_sessions"], user_id=user_id)
    return [row["id"] for row in rows]


async def find_progress(group: ShardGroup, user_id: int) -> Progress | None:
    """The progress of an account's deletion; None if there is none."""
    row = await group.reader(group.shard_of(user_id)).row(_SQL["find_deletion"], user_id=user_id)
    if row is None:
        return None
    return Progress(
        Receipt(user_id, row["secret"]),
        row["requested_at"],
        {
            "users": row["users_finished_at"],
            "feed": row["feed_finished_at"],
            "upload": row["upload_finished_at"],
        },
    )


async def note_finished(group: ShardGroup, user_id: int, part: Part) -> None:
    """Record that a service has nothing left of the account; the first time counts."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL[f"note_{part}_finished"], user_id=user_id)


async def give_names_back(group: ShardGroup, tokens: SessionTokens, user_id: int) -> None:
    """Free every name that the account has or had, but hold its usernames from others for a while.

    A hold has no id and only a digest of the name. A retired name is held no longer than before.
    """
    rows = await group.rows_across(_SQL["names_of_user"], group.shards(), user_id=user_id)
    for row in rows:
        name = Name(row["kind"], row["name_key"])
        async with group.writer(shard_of_name(name, group.shard_count)) as tx:
            given = await tx.row(
                _SQL["give_name_back"], kind=name.kind, key=name.key, user_id=user_id
            )
            if given is not None and name.kind == "username" and given["state"] == "confirmed":
                await tx.execute(
                    _SQL["hold_name"],
                    digest=tokens.name_digests(name.key)[0],
                    ends_at=given["expires_at"],
                    lasts=RETIREMENT,
                )


async def forget_requests(group: ShardGroup, user_id: int) -> None:
    """Delete the recorded replies of the account's sign-ins."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await forget_requests_of(tx, user_id)


async def other_ends(
    group: ShardGroup, kind: str, user_id: int, direction: Direction, *, after: int, limit: int
) -> list[int]:
    """The other ends of a user's edges, active or requested, in ascending order."""
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL[f"page_{direction}"], kind=kind, user_id=user_id, after=after, limit=limit
    )
    return [row["id"] for row in rows]

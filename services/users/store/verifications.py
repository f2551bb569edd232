"""Which accounts have shown that they read their address."""

from pathlib import Path

from services.users.domain.emails import EMAIL_RULES
from services.users.domain.proofs import Proof
from services.users.domain.verification import AccountAddress
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def find_address(group: ShardGroup, user_id: int) -> AccountAddress | None:
    """The address of an active account."""
    row = await group.reader(group.shard_of(user_id)).row(_SQL["find_address"], user_id=user_id)
    return None if row is None else AccountAddress(**row)


async def find_address_in(tx: Transaction, user_id: int) -> AccountAddress | None:
    """The address, in a transaction that has locked the profile."""
    row = await tx.row(_SQL["find_address"], user_id=user_id)
    return None if row is None else AccountAddress(**row)


async def settle_address_in(tx: Transaction, proof: Proof) -> None:
    """Make the address of the proof that of the account, which reads it."""
    await tx.execute(
        _SQL["settle_address"], user_id=proof.user_id, email=proof.email, rules=EMAIL_RULES
    )

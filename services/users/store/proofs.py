"""Proofs that somebody reads an address: begun with a message, used once."""

from pathlib import Path

from asyncpg import Record

from services.users.domain.proofs import LIFETIMES, Proof, Purpose
from shared.jobs.expired_rows import Expiry
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

OLD_PROOFS = Expiry(_SQL["end_old_proofs"], 24 * 3600.0)


async def begin_proof(tx: Transaction, user_id: int, purpose: Purpose, email: str) -> int:
    """Begin a proof in place of an older one of its purpose, and return its id."""
    proof_id: int = await tx.value(
        _SQL["begin_proof"],
        user_id=user_id,
        purpose=purpose,
        email=email,
        lifetime=LIFETIMES[purpose],
    )
    return proof_id


async def find_proof(group: ShardGroup, proof_id: int) -> Proof | None:
    """A proof by its id, which names the shard; None if it was replaced or is gone."""
    row = await group.reader(group.shard_of(proof_id)).row(_SQL["find_proof"], id=proof_id)
    return _proof(row)


async def lock_proof_of(tx: Transaction, user_id: int, purpose: Purpose) -> Proof | None:
    """The account's present proof of a purpose, locked until the transaction ends."""
    return _proof(await tx.row(_SQL["proof_of_purpose"], user_id=user_id, purpose=purpose))


async def lock_proof(tx: Transaction, proof_id: int) -> Proof | None:
    """A proof by its id, locked until the transaction ends."""
    return _proof(await tx.row(_SQL["lock_proof"], id=proof_id))


async def count_wrong(tx: Transaction, proof: Proof) -> None:
    """Count a wrong code of a locked proof."""
    await tx.execute(_SQL["count_wrong"], id=proof.id)


async def write_nothing(tx: Transaction) -> None:
    """Make the commit take as long as one that counts a wrong code."""
    await tx.value(_SQL["write_nothing"])


async def use_proof(tx: Transaction, proof: Proof) -> bool:
    """Use a proof up; False if it was."""
    return bool(await tx.execute(_SQL["use_proof"], id=proof.id))


def _proof(row: Record | None) -> Proof | None:
    return None if row is None else Proof(**row)

"""Checks the typed code of an account's proof, and counts a wrong one."""

from datetime import UTC, datetime

from services.users.domain.proofs import Proof, ProofCodes, Purpose
from services.users.store.proofs import count_wrong, lock_proof_of, write_nothing
from shared.sharding.shard_group import ShardGroup


async def prove_code(
    group: ShardGroup, codes: ProofCodes, user_id: int, purpose: Purpose, code: str
) -> Proof | None:
    """The proof whose code this is, still unused; None for a wrong one.

    A wrong code costs a commit whether or not there is such an account, so time tells nothing.
    """
    async with group.writer(group.shard_of(user_id)) as tx:
        proof = await lock_proof_of(tx, user_id, purpose)
        counts = proof is not None and proof.counts(datetime.now(UTC))
        if proof is not None and counts and codes.is_code(proof.id, code):
            return proof
        if proof is not None and counts:
            await count_wrong(tx, proof)
        else:
            await write_nothing(tx)
        return None

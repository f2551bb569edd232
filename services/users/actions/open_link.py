"""Does what a link in a message stands for."""

from datetime import UTC, datetime

from services.users.actions.change_address import change_address, undo_change
from services.users.actions.settle_address import nothing_besides, settle_address
from services.users.domain.proofs import ProofCodes, Purpose, WrongCode
from services.users.store.proofs import find_proof
from services.users.store.session_cache import SessionCache
from shared.sharding.shard_group import ShardGroup


async def open_link(
    group: ShardGroup, cache: SessionCache, codes: ProofCodes, link: str
) -> Purpose:
    """Do it, and return what it was; a link for a new password is only looked at.

    Raises WrongCode if the link is made up or has ended, EmailTaken and ProfileChanged.
    """
    proof_id = codes.proof_of_link(link)
    proof = None if proof_id is None else await find_proof(group, proof_id)
    if proof is None or not proof.counts(datetime.now(UTC)):
        raise WrongCode
    match proof.purpose:
        case "verify_address":
            await settle_address(group, proof, nothing_besides)
        case "change_address":
            await change_address(group, proof)
        case "undo_address":
            await undo_change(group, cache, proof)
        case "reset_password":
            # It needs the new password: PUT /password-resets.
            pass
    return proof.purpose

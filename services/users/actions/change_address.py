"""Changes the address of an account, and undoes that for a week."""

from datetime import UTC, datetime

from services.users.actions.begin_proof import begin_proof
from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.actions.prove_code import prove_code
from services.users.actions.settle_address import settle_address
from services.users.domain.mails import Mail
from services.users.domain.proofs import Proof, ProofCodes
from services.users.domain.verification import AccountAddress
from services.users.store.mails import queue_mail
from services.users.store.password_guard import PasswordGuard
from services.users.store.proofs import lock_proof_of
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_sessions_except
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# No session has this id.
_NONE_KEPT = 0


async def change_by_code(
    group: ShardGroup, guard: PasswordGuard, codes: ProofCodes, user_id: int, code: str
) -> None:
    """Change it by the code of the new address; raises WrongCode, TooManyGuesses and EmailTaken."""

    async def check() -> Proof | None:
        return await prove_code(group, codes, user_id, "change_address", code)

    await change_address(group, await guard.prove_code(user_id, check))


async def change_address(group: ShardGroup, proof: Proof) -> None:
    """Change it to that of the proof; both addresses are told, and the old one may undo it."""

    async def tell(tx: Transaction, before: AccountAddress) -> None:
        facts = {"former": before.email, "present": proof.email}
        await queue_mail(
            tx, Mail(proof.user_id, "address_changed", proof.email, before.language, facts)
        )
        if not before.is_verified:
            # Perhaps somebody else reads it, who must not get the account by a link.
            return
        standing = await lock_proof_of(tx, proof.user_id, "undo_address")
        if standing is not None and standing.counts(datetime.now(UTC)):
            # The first address may undo all changes of the week: a thief makes several.
            await queue_mail(
                tx, Mail(proof.user_id, "address_changed", before.email, before.language, facts)
            )
            return
        await begin_proof(tx, proof.user_id, "undo_address", before.email, before.language, facts)

    await settle_address(group, proof, tell)


async def undo_change(group: ShardGroup, cache: SessionCache, proof: Proof) -> None:
    """Bring back the address of the proof, end all sessions, and send it a code for a password.

    Whoever changed the address knew the password.
    """
    ended: list[int] = []

    async def tell(tx: Transaction, before: AccountAddress) -> None:
        facts = {"former": before.email, "present": proof.email}
        ended[:] = await end_sessions_except(
            tx,
            _NONE_KEPT,
            user_id=proof.user_id,
            now=datetime.now(UTC),
            reason="address_change_undone",
        )
        await tx.publish(SESSIONS_TOPIC, {"ended": ended})
        await queue_mail(
            tx, Mail(proof.user_id, "address_change_undone", before.email, before.language, facts)
        )
        await begin_proof(tx, proof.user_id, "reset_password", proof.email, before.language)

    await settle_address(group, proof, tell)
    await cache.mark_ended(ended)

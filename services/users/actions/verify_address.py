"""Verifies the address of an account, by the code of the message."""

from services.users.actions.prove_code import prove_code
from services.users.actions.settle_address import nothing_besides, settle_address
from services.users.domain.proofs import Proof, ProofCodes
from services.users.store.password_guard import PasswordGuard
from shared.sharding.shard_group import ShardGroup


async def verify_by_code(
    group: ShardGroup, guard: PasswordGuard, codes: ProofCodes, user_id: int, code: str
) -> None:
    """Verify the viewer's address; raises WrongCode, TooManyGuesses and EmailTaken."""

    async def check() -> Proof | None:
        return await prove_code(group, codes, user_id, "verify_address", code)

    await settle_address(group, await guard.prove_code(user_id, check), nothing_besides)

"""Makes the address of a proof the account's own: after a sign-up, a change, or an undone one."""

from collections.abc import Awaitable, Callable

from services.users.actions.claim_address import claim_address
from services.users.actions.confirm_names import NAMES_TOPIC, confirm_names_now, names_event
from services.users.actions.give_names_back import give_names_back
from services.users.domain.names import email_of
from services.users.domain.profile_change import ProfileChanged
from services.users.domain.proofs import Proof, WrongCode
from services.users.domain.verification import AccountAddress
from services.users.store.directory import Holder
from services.users.store.profiles import find_profile, lock_profile
from services.users.store.proofs import use_proof
from services.users.store.verifications import find_address_in, settle_address_in
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# What else commits with the address; it gets the address of before.
Besides = Callable[[Transaction, AccountAddress], Awaitable[None]]


async def settle_address(group: ShardGroup, proof: Proof, besides: Besides) -> None:
    """Use the proof up, and note its address as the account's, which reads it.

    Raises WrongCode if the proof is used, EmailTaken, and ProfileChanged if another account took
    the address meanwhile.
    """
    user_id = proof.user_id
    person = await find_profile(group, user_id)
    if person is None:
        raise WrongCode
    holder = Holder(user_id, f"address:{proof.id}")
    name = await claim_address(group, holder, proof.email)
    try:
        async with group.writer(group.shard_of(user_id)) as tx:
            fields = await lock_profile(tx, user_id)
            before = await find_address_in(tx, user_id)
            if fields is None or before is None or not await use_proof(tx, proof):
                raise WrongCode
            # The version read before the claim is the fence: a takeover changes it.
            if fields.version != person.version:
                raise ProfileChanged
            await settle_address_in(tx, proof)
            former = email_of(before.email)
            # An address that was never verified is kept from nobody.
            retired = [former] if former != name and before.is_verified else []
            names_change = names_event(user_id, confirmed=[name], retired=retired)
            await tx.publish(NAMES_TOPIC, names_change)
            await besides(tx, before)
    except (ProfileChanged, WrongCode):
        await give_names_back(group, [name], holder)
        raise
    await confirm_names_now(group, names_change)


async def nothing_besides(_tx: Transaction, _before: AccountAddress) -> None:
    """Commit nothing else."""

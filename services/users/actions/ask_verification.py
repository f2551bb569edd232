"""Sends the viewer a new code for the address of the account."""

from services.users.actions.begin_proof import begin_proof
from services.users.domain.mails import language_of
from services.users.domain.verification import AddressVerified
from services.users.store.mail_limits import MailLimits
from services.users.store.verifications import find_address
from shared.errors import Unauthenticated
from shared.sharding.shard_group import ShardGroup


async def ask_verification(
    group: ShardGroup, limits: MailLimits, user_id: int, language: str
) -> None:
    """Queue the message; raises AddressVerified and TooManyMails."""
    address = await find_address(group, user_id)
    if address is None:
        raise Unauthenticated
    if address.is_verified:
        raise AddressVerified
    await limits.refuse_if_full(address.email)
    async with group.writer(group.shard_of(user_id)) as tx:
        await begin_proof(tx, user_id, "verify_address", address.email, language_of(language))

"""Begins a change of the viewer's address: a code goes to the new one."""

from dataclasses import dataclass

from services.users.actions.begin_proof import begin_proof
from services.users.domain.emails import email_fault
from services.users.domain.mails import language_of
from services.users.store.accounts import find_credentials
from services.users.store.mail_limits import MailLimits
from services.users.store.password_guard import PasswordGuard
from shared.errors import FieldError, Invalid
from shared.sharding.shard_group import ShardGroup


@dataclass(frozen=True, slots=True)
class AddressWish:
    """The new address, and the password again: a session left open must not give it away."""

    email: str
    password: str
    language: str


async def ask_address_change(
    group: ShardGroup, guard: PasswordGuard, limits: MailLimits, user_id: int, wish: AddressWish
) -> None:
    """Queue the message; raises Invalid, WrongPassword, TooManyGuesses and TooManyMails.

    Whether the address is another account's, only its reader learns.
    """
    email = wish.email.strip()
    fault = email_fault(email)
    if fault is not None:
        raise Invalid(errors=[FieldError("email", fault)])
    known = await find_credentials(group, user_id)
    await guard.prove_signed_in(user_id, known, wish.password)
    await limits.refuse_if_full(email)
    async with group.writer(group.shard_of(user_id)) as tx:
        await begin_proof(tx, user_id, "change_address", email, language_of(wish.language))

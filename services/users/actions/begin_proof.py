"""Begins a proof, and queues the message with its code, in the transaction of the cause."""

from collections.abc import Mapping

from services.users.domain.mails import Language, Mail, MailKind
from services.users.domain.proofs import Purpose
from services.users.store import proofs
from services.users.store.mails import queue_mail
from shared.sharding.transaction import Transaction

# Purpose → the message that has its code.
_MAILS: dict[Purpose, MailKind] = {
    "verify_address": "verify_address",
    "reset_password": "reset_password",
    "change_address": "change_address",
    "undo_address": "address_change_undo",
}


async def begin_proof(
    tx: Transaction,
    user_id: int,
    purpose: Purpose,
    email: str,
    language: Language,
    more: Mapping[str, str] | None = None,
) -> None:
    """Begin it in place of an older one of its purpose; the code goes to `email`.

    `more` is what the text of the message names besides.
    """
    proof_id = await proofs.begin_proof(tx, user_id, purpose, email)
    facts = {**(more or {}), "proof_id": proof_id, "purpose": purpose}
    await queue_mail(tx, Mail(user_id, _MAILS[purpose], email, language, facts))

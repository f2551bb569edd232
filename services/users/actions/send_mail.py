"""Sends a message of an account: a job that may run again, with the same Message-ID."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Counter

from services.users.clients.letters import Letters
from services.users.clients.smtp_server import MailRefused, SmtpServer
from services.users.domain.mails import Mail, MailKind, Outcome
from services.users.domain.names import email_of
from services.users.domain.proofs import LINK_ONLY, ProofCodes
from services.users.store.accounts import find_credentials
from services.users.store.directory import find_entry
from services.users.store.mails import WaitingMail, find_waiting_mail, note_outcome
from services.users.store.proofs import find_proof
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()

MAILS = Counter(
    "retrato_users_mails_total",
    "Messages by kind and end; refused: by the server and for good, as a bounce is.",
    ["kind", "outcome"],
)


# These would make the address that of the account that asked.
_CLAIMING: frozenset[MailKind] = frozenset({"verify_address", "change_address"})


async def send_mail(
    group: ShardGroup,
    codes: ProofCodes,
    letters: Letters,
    server: SmtpServer,
    payload: dict[str, Any],
) -> None:
    """Send it, or note why not; raises Unavailable while the server is away, to be run again.

    A worker that dies between the server's reply and its own note sends the message once more.
    """
    waiting = await find_waiting_mail(group, payload)
    if waiting is None:
        return
    outcome = await _sent(group, codes, letters, server, waiting)
    await note_outcome(group, waiting, outcome)
    MAILS.labels(waiting.mail.kind, outcome).inc()


async def _sent(
    group: ShardGroup,
    codes: ProofCodes,
    letters: Letters,
    server: SmtpServer,
    waiting: WaitingMail,
) -> Outcome:
    if not server.is_set:
        # Waiting would help nobody, and thousands of jobs would try again each minute.
        return "no_server"
    if waiting.is_late:
        log.warning("mail_too_late", mail_id=waiting.id, kind=waiting.mail.kind)
        return "too_late"
    words = await _words(group, codes, waiting)
    if words is None:
        return "pointless"
    mail = waiting.mail
    if mail.kind in _CLAIMING and await _is_of_another(group, mail):
        # Its reader has an account. The account that named the address learns nothing.
        mail = replace(mail, kind="have_account")
        words = {}
    message = letters.message(waiting.id, mail, waiting.queued_at, words)
    try:
        await server.send(message)
    except MailRefused as refusal:
        log.warning("mail_refused", mail_id=waiting.id, said=refusal.detail)
        return "refused"
    return "sent"


async def _words(
    group: ShardGroup, codes: ProofCodes, waiting: WaitingMail
) -> dict[str, Any] | None:
    """What the text names; None if its code no longer counts, or its account is gone."""
    mail = waiting.mail
    account = await find_credentials(group, mail.user_id)
    if account is None:
        return None
    words = {**mail.facts, "username": account.username}
    proof_id = mail.facts.get("proof_id")
    if proof_id is None:
        return words
    proof = await find_proof(group, proof_id)
    if proof is None or not proof.counts(datetime.now(UTC)):
        return None
    code = "" if proof.purpose in LINK_ONLY else codes.code(proof.id)
    return {**words, "code": code, "link": codes.link(proof.id)}


async def _is_of_another(group: ShardGroup, mail: Mail) -> bool:
    """Whether another account has verified the address."""
    entry = await find_entry(group, email_of(mail.recipient))
    if entry is None or entry.holder.user_id == mail.user_id:
        return False
    holder = await find_credentials(group, entry.holder.user_id)
    return (
        holder is not None
        and holder.is_verified
        and email_of(holder.email) == email_of(mail.recipient)
    )

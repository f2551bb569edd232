"""Messages to accounts: queued in the transaction of their cause, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.users.domain.mails import Language, Mail, Outcome, PastMail
from shared.jobs.expired_rows import Expiry
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

SEND_MAIL_JOB = "send_mail"
# Long enough to answer "I never got a message".
_KEPT_S = 30 * 24 * 3600.0
OLD_MAILS = Expiry(_SQL["end_old_mails"], _KEPT_S)
# An export names the messages of a month; no account gets more than a few a day.
_EXPORTED_MAX = 1_000


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A message that is not sent yet; its id names it in its Message-ID."""

    id: int
    mail: Mail
    queued_at: datetime
    is_late: bool


async def queue_mail(tx: Transaction, mail: Mail) -> None:
    """Send a message if the transaction commits."""
    mail_id = await tx.value(
        _SQL["insert_mail"],
        user_id=mail.user_id,
        kind=mail.kind,
        recipient=mail.recipient,
        language=mail.language,
        facts=dict(mail.facts),
        lifetime=mail.lifetime,
    )
    await tx.enqueue(SEND_MAIL_JOB, {"user_id": mail.user_id, "mail_id": mail_id})


async def find_waiting_mail(group: ShardGroup, payload: dict[str, Any]) -> WaitingMail | None:
    """The message of a job; None if it was sent, or went with its account."""
    reader = group.reader(group.shard_of(payload["user_id"]))
    row = await reader.row(_SQL["find_waiting"], id=payload["mail_id"])
    if row is None:
        return None
    language: Language = row["language"]
    mail = Mail(row["user_id"], row["kind"], row["recipient"], language, row["facts"])
    return WaitingMail(row["id"], mail, row["queued_at"], row["is_late"])


async def note_outcome(group: ShardGroup, waiting: WaitingMail, outcome: Outcome) -> None:
    """Record how it ended, so that it is not sent again."""
    async with group.writer(group.shard_of(waiting.mail.user_id)) as tx:
        await tx.execute(_SQL["note_outcome"], id=waiting.id, outcome=outcome)


async def mails_of_account(group: ShardGroup, user_id: int) -> list[PastMail]:
    """The messages of the last month, the newest first."""
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL["mails_of_account"], user_id=user_id, limit=_EXPORTED_MAX
    )
    return [PastMail(**row) for row in rows]

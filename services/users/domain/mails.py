"""The messages that an account gets, and how long each is worth sending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from services.users.domain.proofs import LIFETIMES
from shared.errors import TooManyRequests
from shared.wire_time import wire_time

MailKind = Literal[
    "verify_address",
    "have_account",
    "new_sign_in",
    "reset_password",
    "password_changed",
    "change_address",
    "address_changed",
    "address_change_undo",
    "address_change_undone",
]
Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")

# News of a security matter is still news after an outage of days.
_NEWS = timedelta(days=3)


class TooManyMails(TooManyRequests):
    """The address, or the caller's network, has had as many messages as it may get for now."""

    code = "too_many_mails"
    title = "Too many messages were asked for; wait a little."


@dataclass(frozen=True, slots=True)
class Mail:
    """A message before it has an id; `facts` is what its text names besides the recipient."""

    user_id: int
    kind: MailKind
    recipient: str
    language: Language = "en"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lifetime(self) -> timedelta:
        """How long the message is worth sending: one with a code, until the code ends."""
        purpose = self.facts.get("purpose")
        return _NEWS if purpose is None else LIFETIMES[purpose]


Outcome = Literal["sent", "refused", "too_late", "pointless", "no_server"]


@dataclass(frozen=True, slots=True)
class PastMail:
    """What is known of a message of the last month."""

    kind: MailKind
    recipient: str
    queued_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None


def shown(past: PastMail) -> dict[str, Any]:
    """A message as an export shows it."""
    return {
        "kind": past.kind,
        "recipient": past.recipient,
        "queued_at": wire_time(past.queued_at),
        "ended_at": None if past.ended_at is None else wire_time(past.ended_at),
        "outcome": past.outcome,
    }


def language_of(named: str) -> Language:
    """The language of ours that a tag such as es-MX means, English for any other."""
    first = named.strip().lower().partition("-")[0]
    return next((language for language in LANGUAGES if language == first), "en")

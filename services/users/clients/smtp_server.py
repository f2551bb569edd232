"""Hands messages to the SMTP server that the settings name, over a connection each."""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from shared.errors import AppError, Unavailable

# A server that greets slowly does so to deter senders of spam.
_TIMEOUT_S = 20.0
# RFC 5321, section 4.2.1: a refusal of the first digit 5 is final.
_FINAL = 500


class MailRefused(AppError):
    """The server refuses this message for good; the detail is its reply."""

    code = "mail_refused"
    title = "The message was refused."


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where the server is, and who signs in there; an empty `host` is none, an empty `user` nobody.

    `security` is tls, starttls or none. Without `ca_file` the operating system's authorities count.
    """

    host: str
    port: int
    security: str
    user: str
    password: str
    ca_file: Path | None


class SmtpServer:
    """A client of the server; each message has a connection, so nothing is shared or pooled."""

    def __init__(self, address: SmtpAddress) -> None:
        self._address = address

    @property
    def is_set(self) -> bool:
        """Whether there is a server at all."""
        return bool(self._address.host)

    async def send(self, message: EmailMessage) -> None:
        """Return when the server has the message; raises MailRefused, and Unavailable to retry."""
        where = self._address
        # Read for each message: a renewed authority counts at once.
        context = None if where.security == "none" else _trusting(where.ca_file)
        try:
            await aiosmtplib.send(
                message,
                hostname=where.host,
                port=where.port,
                username=where.user or None,
                password=where.password or None,
                use_tls=where.security == "tls",
                start_tls=where.security == "starttls",
                tls_context=context,
                timeout=_TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            codes = [one.code for one in refusal.recipients]
            raise _fault(max(codes, default=0), str(refusal)) from refusal
        except aiosmtplib.SMTPAuthenticationError as error:
            # A matter of the settings, which an operator mends: no message is at fault.
            raise Unavailable(f"The server of mail refuses the login: {error}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _fault(error.code, str(error)) from error
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise Unavailable(f"The server of mail does not answer: {error!r}") from error


def _fault(code: int, said: str) -> AppError:
    if code >= _FINAL:
        return MailRefused(said)
    return Unavailable(f"The server of mail asks to try later: {said}")


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)

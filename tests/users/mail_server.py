"""The embedded server of mail in this process, and what it has kept."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import trustme

from infra.mail.kept import KeptMessages
from infra.mail.reception import open_reception
from services.users.actions.send_mail import send_mail
from services.users.clients.smtp_server import SmtpAddress, SmtpServer
from services.users.resources import Resources
from shared.sql_files import parse_query

PASSWORD = "a password of the server"
_CODE = re.compile(r"^ {4}(\d{6})\s*$", re.MULTILINE)
_LINK = re.compile(r"/link#(\S+)")


@dataclass(frozen=True)
class Mailbox:
    """Everybody's mailbox, and a client that sends there."""

    folder: Path
    kept: KeptMessages
    client: SmtpServer
    address: SmtpAddress
    read: dict[str, EmailMessage] = field(default_factory=dict)

    def messages_to(self, recipient: str) -> list[EmailMessage]:
        """All messages to an address, the oldest first."""
        for file in sorted(self.folder.glob("*.eml")):
            message = self.read.get(file.stem) or self.kept.find(file.stem)
            if message is not None:
                self.read[file.stem] = message
        return [one for one in self.read.values() if one["To"] == recipient]

    def code_to(self, recipient: str) -> str:
        """The code of the newest message to an address."""
        found = _CODE.search(text_of(self.messages_to(recipient)[-1]))
        assert found is not None
        return found[1]

    def link_to(self, recipient: str) -> str:
        """What the link of the newest message ends with."""
        return mail_link(self.messages_to(recipient)[-1])


_WAITING = parse_query(
    "waiting",
    "SELECT id, user_id FROM :schema.mail WHERE user_id = :user_id AND ended_at IS NULL"
    " ORDER BY id",
)


async def deliver(resources: Resources, mail: Mailbox, user_id: int) -> None:
    """Run the jobs of an account's messages, as a worker does."""
    group = resources.group
    rows = await group.reader(group.shard_of(user_id)).rows(_WAITING, user_id=user_id)
    for row in rows:
        payload = {"user_id": user_id, "mail_id": row["id"]}
        await send_mail(group, resources.codes, resources.letters, mail.client, payload)


def mail_link(message: EmailMessage) -> str:
    """What the link of a message ends with."""
    found = _LINK.search(text_of(message))
    assert found is not None
    return found[1]


def text_of(message: EmailMessage) -> str:
    """The plain body of a message."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@asynccontextmanager
async def mailbox(folder: Path, host: str) -> AsyncIterator[Mailbox]:
    """Serve at any free port of the address."""
    authority = trustme.CA()
    ca_file = folder / "ca.crt"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    messages = folder / "messages"
    messages.mkdir()
    kept = KeptMessages(messages, keep_days=7, messages_max=10_000)
    server = await open_reception(kept, PASSWORD, context, host, 0)
    port = server.sockets[0].getsockname()[1]
    address = SmtpAddress(host, port, "tls", "users", PASSWORD, ca_file)
    try:
        yield Mailbox(messages, kept, SmtpServer(address), address)
    finally:
        server.close()

"""Takes messages over SMTP from whoever knows the password, and keeps them."""

import asyncio
import hmac
import ssl
from functools import partial

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from prometheus_client import Counter

from infra.mail.kept import KeptMessages
from shared.logs import get_logger

log = get_logger()

# A message has a page of text and no pictures.
BYTES_MAX = 256 * 1024
IDLE_S = 30.0
CONNECTIONS_MAX = 64
# Nobody has an address there (RFC 2606), so a refusal can be tried out.
REFUSED_DOMAIN = "refused.example"

TAKEN = Counter("retrato_mail_taken_total", "Messages that the embedded server has kept.")
REFUSED = Counter("retrato_mail_refused_total", "What the embedded server refused.", ["why"])


class Reception:
    """What the SMTP server calls: names and signatures are those of aiosmtpd."""

    def __init__(self, kept: KeptMessages) -> None:
        self._kept = kept

    async def handle_MAIL(  # noqa: N802
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Begin a message of somebody who has signed in."""
        if not session.authenticated:
            REFUSED.labels("password").inc()
            return "530 5.7.0 sign in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Accept any recipient but those of the domain whose mail is always refused."""
        if address.lower().endswith(f"@{REFUSED_DOMAIN}"):
            REFUSED.labels("recipient").inc()
            return "550 5.1.1 nobody has this address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the message; it is on the disk when the reply goes out."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 not understood"
        try:
            id_ = await asyncio.to_thread(self._kept.put, content)
        except OSError as error:
            log.warning("mail_not_kept", error=repr(error))
            REFUSED.labels("disk").inc()
            return "452 4.3.1 the disk takes nothing now"
        TAKEN.inc()
        log.info("mail_kept", id=id_, bytes=len(content))
        return f"250 2.0.0 kept as {id_}"


def authenticator(password: str) -> partial[AuthResult]:
    """Return the check of a login, which any name passes that shows the password."""
    return partial(_authenticate, password.encode())


def _authenticate(
    password: bytes,
    _server: SMTP,
    _session: Session,
    _envelope: Envelope,
    _mechanism: str,
    shown: object,
) -> AuthResult:
    is_known = isinstance(shown, LoginPassword) and hmac.compare_digest(shown.password, password)
    if not is_known:
        REFUSED.labels("password").inc()
    return AuthResult(success=is_known)


async def open_reception(
    kept: KeptMessages, password: str, context: ssl.SSLContext, address: str, port: int
) -> asyncio.Server:
    """Listen with TLS from the first byte on."""
    reception, open_now = Reception(kept), set[SMTP]()

    class Bounded(SMTP):
        """A connection; one too many is closed at once."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            if len(open_now) >= CONNECTIONS_MAX:
                REFUSED.labels("connections").inc()
                transport.close()
                return
            open_now.add(self)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            if self in open_now:
                open_now.discard(self)
                super().connection_lost(error)

    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Bounded(
            reception,
            data_size_limit=BYTES_MAX,
            timeout=IDLE_S,
            # It is inside TLS already, which the library does not know.
            auth_require_tls=False,
            authenticator=authenticator(password),
            hostname="mail.internal",
            ident="Retrato",
            loop=loop,
        ),
        address,
        port,
        ssl=context,
    )

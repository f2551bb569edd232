"""The variables with which the worker of users sends messages."""

from collections.abc import Iterator

from infra.plan.parts import Plan
from infra.plan.secret_names import SMTP_PASSWORD
from infra.rendering.places import Places, Variable

# Whom the embedded server lets in.
_EMBEDDED_USER = "users"


def mail_variables(plan: Plan, places: Places) -> Iterator[Variable]:
    """Yield where messages go and what they name; without a server they wait."""
    mail = plan.mail
    embedded = mail.embedded
    host, port = (mail.address, mail.port) if embedded else (mail.host, mail.host_port)
    yield Variable("SMTP_HOST", host, "The server that takes messages; absent: none is sent.")
    yield Variable("SMTP_PORT", str(port), "Its port.")
    security = "tls" if embedded else mail.security
    yield Variable("SMTP_SECURITY", security, "tls, starttls or none.")
    user = _EMBEDDED_USER if embedded else mail.user
    if user:
        yield Variable("SMTP_USER", user, "Who signs in there; absent: nobody does.")
        yield Variable(
            "SMTP_PASSWORD", places.secrets[SMTP_PASSWORD], "The password there.", is_secret=True
        )
    ca_file = places.ca_file if embedded else mail.ca_file
    if ca_file:
        yield Variable(
            "SMTP_CA_FILE",
            ca_file,
            "The CA of its certificate; absent: the operating system's CAs.",
        )
    yield Variable("MAIL_SENDER", mail.sender, "The sender of all messages.")
    yield Variable(
        "MAIL_LINK_URL",
        mail.link_url or places.public_url,
        "What links in messages begin with, without a slash.",
    )

"""Renders the files of the embedded server of mail."""

import shlex

from infra.accounts import account_for
from infra.code_version import code_version
from infra.plan.mail import MAIL
from infra.plan.secret_names import FOR_OPERATORS, SMTP_PASSWORD
from infra.rendering.files import make_data_folder, write_rendered
from infra.suite import Suite

_HEADING = (
    "# The environment of the server of mail, rendered by `make up`: changes here are lost.\n"
)


def render_mail(suite: Suite) -> list[str]:
    """Write its environment and make its folder; returns its name if a file changed."""
    mail = suite.plan.mail
    if not mail.embedded:
        return []
    planned, account = suite.plan.process(MAIL), account_for(MAIL)
    folder = make_data_folder(suite.folder.data / MAIL, account)
    names = (f"{MAIL}.{suite.plan.dns.zone}", planned.address)
    pair = suite.authority.server_pair(MAIL, names)
    account.own(pair.key, 0o600)
    variables = {
        "LISTEN_PORT": str(planned.port),
        "SMTP_PORT": str(mail.port),
        "TLS_CERT_FILE": str(pair.certificate),
        "TLS_KEY_FILE": str(pair.key),
        "OPERATOR_TOKEN": suite.secrets[FOR_OPERATORS],
        "SMTP_PASSWORD": suite.secrets[SMTP_PASSWORD],
        "FOLDER": str(folder),
        "KEEP_DAYS": str(mail.keep_days),
        "MESSAGES_MAX": str(mail.messages_max),
        "LOG_LEVEL": suite.plan.limits.log_level,
        "REVISION": code_version().revision,
    }
    lines = [f"MAIL_{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    text = _HEADING + "".join(lines)
    return [MAIL] if write_rendered(suite.folder.environment(MAIL), text, account) else []

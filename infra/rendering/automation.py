"""Renders the files of the process that takes alerts."""

import shlex

from infra.accounts import account_for
from infra.code_version import code_version
from infra.plan.secret_names import FOR_AUTOMATION, FOR_OPERATORS
from infra.rendering.files import PASSABLE, make_folder, write_rendered
from infra.suite import Suite

_NAME = "automation"
_HEADING = """\
# The environment of the process that takes alerts, rendered by `make up`: changes here are lost.
"""


def render_automation(suite: Suite) -> list[str]:
    """Write its environment and make its inbox; returns its name if a file changed."""
    if suite.plan.automation is None:
        return []
    planned, account = suite.plan.process(_NAME), account_for(_NAME)
    make_folder(suite.folder.automation, account_for("supervisor"), PASSABLE)
    make_folder(suite.folder.automation_inbox, account)
    names = (f"{_NAME}.{suite.plan.dns.zone}", planned.address)
    pair = suite.authority.server_pair(_NAME, names)
    account.own(pair.key, 0o600)
    variables = {
        "LISTEN_PORT": str(planned.port),
        "TLS_CERT_FILE": str(pair.certificate),
        "TLS_KEY_FILE": str(pair.key),
        "OPERATOR_TOKEN": suite.secrets[FOR_OPERATORS],
        "TOKEN": suite.secrets[FOR_AUTOMATION],
        "INBOX": str(suite.folder.automation_inbox),
        "ACTIONS_FILE": str(suite.folder.automation_actions),
        "LOG_LEVEL": suite.plan.limits.log_level,
        "REVISION": code_version().revision,
    }
    lines = [f"AUTOMATION_{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    file = suite.folder.environment(_NAME)
    changed = write_rendered(file, _HEADING + "".join(lines), account)
    return [_NAME] if changed else []

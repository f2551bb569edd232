"""Renders the environment of the operators' page, which is all that it knows of the suite."""

import shlex

from infra.accounts import account_for
from infra.code_version import code_version
from infra.plan.parts import PlannedProcess
from infra.plan.secret_names import FOR_OPERATORS, OPS_PASSWORD
from infra.plan.watchers import PROMETHEUS
from infra.rendering.files import write_rendered
from infra.suite import Suite

_ROLE = "ops"
_AUTOMATION, _MAIL = "automation", "mail"
_HEADING = (
    "# The environment of the operators' page, rendered by `make up`: changes here are lost.\n"
)


def render_ops(suite: Suite) -> list[str]:
    """Write the file; returns the name of the process if it changed."""
    process = _find(suite, _ROLE)
    if process is None:
        return []
    account = account_for(_ROLE)
    # Prometheus answers only to a certificate for clients.
    pair = suite.authority.server_pair(
        _ROLE, (f"{_ROLE}.{suite.plan.dns.zone}", process.address), for_clients=True
    )
    account.own(pair.key, 0o600)
    values = {
        "LISTEN_PORT": str(process.port),
        "TLS_CERT_FILE": str(pair.certificate),
        "TLS_KEY_FILE": str(pair.key),
        "TLS_CA_FILE": str(suite.ca_file),
        "OPERATOR_TOKEN": suite.secrets[FOR_OPERATORS],
        "LOG_LEVEL": suite.plan.limits.log_level,
        "PASSWORD": suite.secrets[OPS_PASSWORD],
        "STATE_FILE": str(suite.folder.state_file),
        "PROMETHEUS_URL": _url(suite, PROMETHEUS),
        "AUTOMATION_URL": _url(suite, _AUTOMATION),
        "MAIL_URL": _url(suite, _MAIL),
        "REVISION": code_version().revision,
    }
    lines = [f"OPS_{name}={shlex.quote(value)}\n" for name, value in values.items()]
    text = _HEADING + "".join(lines)
    return [_ROLE] if write_rendered(suite.folder.environment(_ROLE), text, account) else []


def _find(suite: Suite, name: str) -> PlannedProcess | None:
    return next((one for one in suite.plan.processes if one.name == name), None)


def _url(suite: Suite, name: str) -> str:
    """Return the address of a process, or "" if this suite has none."""
    process = _find(suite, name)
    return f"https://{process.address}:{process.port}" if process else ""

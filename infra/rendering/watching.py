"""Renders the files of the watchers: what they ask, what alerts, and where alerts go."""

import json
import shlex
from collections.abc import Callable, Mapping

from infra.accounts import account_for
from infra.plan.database_roles import MONITOR_ROLE
from infra.plan.figures import Watch
from infra.plan.secret_names import FOR_OPERATORS, WATCH_MAIL, WATCH_POSTGRES, WATCH_REDIS
from infra.plan.watchers import (
    ALERTMANAGER,
    POSTGRES_EXPORTER,
    PROMETHEUS,
    REDIS_EXPORTER,
)
from infra.rendering.files import make_data_folder, make_folder, render, write_rendered
from infra.suite import Suite
from infra.watching.commands import folder_of
from infra.watching.reading import make_reader_pair
from infra.watching.rule_file import rule_file
from infra.watching.targets import GROUPS, exporter_of_redis, file_sd, targets_of

_AUTOMATION = "automation"
_AUTOMATION_TOKEN = "automation_token"  # noqa: S105 - its name
# A server that does not let the exporter in within this time counts as away.
_CONNECT_S = 2
_STATEMENT_MS = 3000


def render_watching(suite: Suite) -> list[str]:
    """Write the watchers' files; returns the names of the processes whose files changed."""
    watch = suite.plan.watch
    said = "off" if watch is None else "on"
    write_rendered(suite.folder.watch_file, said + "\n", account_for("supervisor"))
    if watch is None:
        return []
    make_reader_pair(suite)
    roles = dict.fromkeys(p.role for p in suite.plan.processes if p.kind == "watcher")
    changed = {role for role in roles if _render(suite, watch, role)}
    return [p.name for p in suite.plan.processes if p.kind == "watcher" and p.role in changed]


def _render(suite: Suite, watch: Watch, role: str) -> bool:
    account = account_for(role)
    folder = make_folder(folder_of(suite, role), account)
    processes = [process for process in suite.plan.processes if process.role == role]
    if any(process.volumes for process in processes):
        make_data_folder(suite.folder.data / role, account)
    pair = suite.authority.server_pair(
        role,
        (f"{role}.{suite.plan.dns.zone}", *dict.fromkeys(process.address for process in processes)),
        for_clients=role in {PROMETHEUS, ALERTMANAGER},
    )
    account.own(pair.key, 0o600)
    written = [
        write_rendered(folder / name, text, account)
        for name, text in _texts(suite, watch, role).items()
    ]
    text = _ENVIRONMENTS.get(role)
    if text is not None:
        file = suite.folder.environment(role)
        written.append(write_rendered(file, text(suite), account))
    return any(written)


def _texts(suite: Suite, watch: Watch, role: str) -> Mapping[str, str]:
    """Return the texts of a watcher's files by name."""
    values = _values(suite, watch, role)
    web = {"web.yml": render("watcher_web.yml.j2", values)}
    match role:
        case "prometheus":
            return {
                **web,
                **_targets(suite),
                "prometheus.yml": render("prometheus.yml.j2", values),
                "rules.yml": rule_file(suite.plan),
                "operator.token": suite.secrets[FOR_OPERATORS] + "\n",
            }
        case "alertmanager":
            return {**web, "alertmanager.yml": render("alertmanager.yml.j2", values)}
        case "postgres-exporter":
            return {**web, "queries.yml": render("postgres_queries.yml.j2", {})}
    return {}


def _values(suite: Suite, watch: Watch, role: str) -> dict[str, object]:
    plan = suite.plan
    found = {process.name: process for process in plan.processes}
    alertmanager, automation = found[ALERTMANAGER], found.get(_AUTOMATION)
    return {
        "watch": watch,
        "role": role,
        "pki": suite.folder.pki,
        # Whoever sends it alerts, or silences some, decides what people hear: one certificate may.
        "believed": PROMETHEUS if role == ALERTMANAGER else "ca",
        "etc_folder": folder_of(suite, role),
        "network": plan.network,
        "groups": GROUPS,
        "alertmanager": f"{alertmanager.address}:{alertmanager.port}",
        "redis_exporter": exporter_of_redis(plan),
        "members": plan.members,
        "automation": f"{automation.address}:{automation.port}" if automation else "",
        "automation_token": suite.secrets[_AUTOMATION_TOKEN] if automation else "",
        "mail_password": suite.secrets[WATCH_MAIL] if watch.mail.user else "",
    }


def _targets(suite: Suite) -> dict[str, str]:
    targets = targets_of(suite.plan)
    return {
        f"{group}.json": json.dumps(file_sd(targets, group), indent=1) + "\n" for group in GROUPS
    }


def _sources(suite: Suite) -> str:
    """Return the exporter's environment: one login for each server, by address and with TLS."""
    password = suite.secrets[WATCH_POSTGRES]
    words = (
        f"sslmode=verify-full&sslrootcert={suite.ca_file}&connect_timeout={_CONNECT_S}"
        f"&statement_timeout={_STATEMENT_MS}&application_name={POSTGRES_EXPORTER}"
    )
    sources = ",".join(
        f"postgresql://{MONITOR_ROLE}:{password}@{member.address}:{member.port}/postgres?{words}"
        for member in suite.plan.members
    )
    return f"# The servers that the exporter asks.\nDATA_SOURCE_NAME={shlex.quote(sources)}\n"


def _redis_password(suite: Suite) -> str:
    return (
        "# The password with which the exporter asks every Redis.\n"
        f"REDIS_PASSWORD={shlex.quote(suite.secrets[WATCH_REDIS])}\n"
    )


_ENVIRONMENTS: dict[str, Callable[[Suite], str]] = {
    POSTGRES_EXPORTER: _sources,
    REDIS_EXPORTER: _redis_password,
}

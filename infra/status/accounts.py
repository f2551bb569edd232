"""Says as which account of the machine each part runs, and what it can read and call."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from infra.accounts import account_for, name_for
from infra.plan.database_roles import MONITOR_ROLE
from infra.plan.parts import PlannedProcess
from infra.plan.secret_names import ETCD_PATRONI, STORE_KEYS
from infra.plan.watchers import POSTGRES_EXPORTER, PROMETHEUS, REDIS_EXPORTER
from infra.process import Process
from infra.processes import processes_of
from infra.suite import Suite
from infra.watching.commands import REDIS_MONITOR

# Every account may read these: certificates, the names of places, and the code.
PUBLIC_SUFFIXES = (".crt",)
PUBLIC_FOLDERS = ("data/shard_maps/", "code/", "etc/live.json", "automation/actions.json")
_KEEPER, _CARETAKER, _OPS = "backup-keeper", "caretaker", "ops"
_DATABASE_ROLES = {_KEEPER: "postgres", POSTGRES_EXPORTER: MONITOR_ROLE}
_INTERNAL = "internal_key_"
_OPENED_BY = {_INTERNAL: "{}", "redis_": "redis-{}", "postgres_": "postgres of {}"}
# The suite's own processes that have an account: what each reads besides its settings and key.
_READ_BY_OUTER = {"ops": "ops-state.json", "automation": "automation/inbox/", "mail": "data/mail/"}
# What all processes of a kind read.
_OF_POSTGRES = ("etc/postgres/", "data/postgres/", "pki/*.postgres.key")
_READ_BY_ALL: dict[str, tuple[str, ...]] = {
    "postgres": _OF_POSTGRES,
    "fence": _OF_POSTGRES,
    "etcd": ("etc/etcd/", "data/etcd/", "pki/etcd-*.key"),
    "dns": ("etc/dns/", "sockets/dns/"),
}
_CALLS = {"postgres": ("postgres", "backup-store"), "nginx": ("gateway", "upload")}
_WATCHERS_CALL = {
    PROMETHEUS: ("metrics of all parts",),
    POSTGRES_EXPORTER: (f"every Postgres, as {MONITOR_ROLE}",),
    REDIS_EXPORTER: (f"every Redis, as {REDIS_MONITOR}",),
}


@dataclass(frozen=True, slots=True)
class Access:
    """What the processes of a role can do.

    `reads` has files and folders relative to the run folder; folders end with a slash, and a
    star stands for any name. `calls` has
    the roles for which it holds a credential.
    """

    role: str
    account: str
    capabilities: tuple[str, ...]
    database_role: str
    reads: tuple[str, ...]
    listens: tuple[str, ...]
    calls: tuple[str, ...]


def accounts_line(suite: Suite) -> str:
    """Return the sentence of `make status` on accounts."""
    names = {process.account.name for process in processes_of(suite)}
    if os.geteuid() == 0:
        return f"accounts: {len(names)}, and each part can read its own keys only (`make accounts`)"
    return (
        f"accounts: all parts run as {min(names)}, and can read one another's keys; started by"
        " root, each has an account of its own"
    )


def access_of(suite: Suite) -> list[Access]:
    """Return a row for each role, in the order of the plan; the suite must be rendered."""
    by_role: dict[str, list[Process]] = {}
    for process in processes_of(suite):
        by_role.setdefault(process.planned.role, []).append(process)
    return [_access(suite, role, processes) for role, processes in by_role.items()]


def table_of(rows: list[Access]) -> str:
    """Return the rows as a table of Markdown."""
    lines = [
        "| part | account | role in Postgres | reads | listens at | holds credentials for |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        kept = f"; as root: {', '.join(row.capabilities)}" if row.capabilities else ""
        reads = ", ".join(f"`{name}`" for name in row.reads) or "everything"
        cells = (
            f"`{row.role}`",
            f"`{row.account}`{kept}",
            f"`{row.database_role}`" if row.database_role else "",
            reads,
            ", ".join(row.listens),
            ", ".join(row.calls),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _access(suite: Suite, role: str, processes: list[Process]) -> Access:
    first = processes[0]
    endpoints = [endpoint for process in processes for endpoint in process.planned.endpoints]
    return Access(
        role=role,
        account=name_for(role),
        capabilities=first.capabilities,
        database_role=_database_role(suite, role),
        reads=tuple(_reads(suite, role, processes)),
        listens=tuple(f"{address}:{port}" for address, port in dict.fromkeys(endpoints)),
        calls=tuple(dict.fromkeys(_calls(suite, first.planned))),
    )


def _reads(suite: Suite, role: str, processes: list[Process]) -> Iterator[str]:
    first = processes[0]
    yield from _READ_BY_ALL.get(first.kind, ())
    match first.kind:
        case "redis":
            yield from (f"etc/redis/{first.server}.conf", f"etc/redis/{first.server}.acl")
            yield from (f"data/redis/{first.server}/", f"pki/{first.server}.redis.key")
        case "nginx":
            yield from (f"cache/{process.name}/" for process in processes)
        case "watcher":
            yield from _read_by_watcher(role, first.planned)
        case "store":
            yield from (f"etc/{role}.env", f"pki/{role}.key")
            yield "backups/" if role == "backup-store" else "data/store/"
        case "service" if role in _roles_of_services(suite):
            yield from (f"etc/{role}.env", f"pki/{role}.key", f"traces/{role}/")
            if first.readable:
                yield "data/store/"
        case "service" if role in _READ_BY_OUTER:
            yield from (f"etc/{role}.env", f"pki/{role}.key", _READ_BY_OUTER[role])


def _read_by_watcher(role: str, planned: PlannedProcess) -> Iterator[str]:
    yield from (f"etc/{role}/", f"pki/{role}.key")
    yield from (f"data/{name}/" for name in planned.volumes)
    if role in {POSTGRES_EXPORTER, REDIS_EXPORTER}:
        yield f"etc/{role}.env"


def _roles_of_services(suite: Suite) -> set[str]:
    return {p.role for p in suite.plan.processes if p.service in suite.plan.services}


def _database_role(suite: Suite, role: str) -> str:
    """Return the login of a service's role, which its environment file alone decides."""
    if role in _DATABASE_ROLES:
        return _DATABASE_ROLES[role]
    file = suite.folder.environment(role)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    users = [line for line in lines if line.partition("=")[0].endswith("_POSTGRES_USER")]
    return shlex.split(users[0].partition("=")[2])[0] if users else ""


def _calls(suite: Suite, planned: PlannedProcess) -> list[str]:
    if planned.name == _KEEPER:
        return ["all"]
    if planned.name == _CARETAKER:
        return ["every Redis, as its operator"]
    if planned.kind == "watcher":
        return list(_WATCHERS_CALL.get(planned.role, ()))
    if planned.name == _OPS:
        return ["Prometheus", "metrics of all parts"]
    if planned.service in suite.plan.services:
        return [label for name in planned.secrets if (label := _opened_by(name, planned.service))]
    of_failover = ("etcd", "Patroni") if ETCD_PATRONI in planned.secrets else ()
    return [*_CALLS.get(planned.kind, ()), *of_failover]


def _opened_by(secret: str, own: str) -> str:
    """Return the name of what a secret gives access to, or "" if it opens nothing of others."""
    for prefix, label in _OPENED_BY.items():
        name = secret.removeprefix(prefix).removesuffix("_app")
        is_own = prefix == _INTERNAL and name == own
        if secret.startswith(prefix) and not is_own:
            return label.format(name)
    return "store" if secret == STORE_KEYS[0] else ""


def own_accounts(suite: Suite) -> dict[str, Access]:
    """Return the rows whose account is not ours, by role."""
    return {row.role: row for row in access_of(suite) if account_for(row.role).switch}

"""Renders the configuration of etcd and of the Patroni of each Postgres server."""

import json
from pathlib import Path

from infra.accounts import account_for
from infra.certificates import KeyPair
from infra.failover.etcd import NAMESPACE, PATRONI_USER
from infra.failover.patroni import REST_USER
from infra.failover.roles import database_of
from infra.failover.settings import shared_settings
from infra.plan.database_roles import REPLICATION_ROLE
from infra.plan.figures import Failover
from infra.plan.parts import Member, PlannedProcess
from infra.process import Process
from infra.programs import postgres_program
from infra.rendering.files import make_data_folder, make_folder, render, write_rendered
from infra.suite import Suite

# A call to another address of this machine begins at this one, and etcd compares it.
_LOOPBACK = "127.0.0.1"


def render_failover(suite: Suite) -> list[str]:
    """Write all files of failover; returns the names of the processes whose files changed."""
    said = "off" if suite.plan.failover is None else "on"
    write_rendered(suite.folder.failover_file, said + "\n", account_for("supervisor"))
    failover = suite.plan.failover
    if failover is None:
        return []
    servers = [process for process in suite.plan.processes if process.kind == "etcd"]
    changed = [process.name for process in servers if _render_etcd(suite, failover, process)]
    return changed + [
        f"postgres-{node.name}" for node in suite.plan.members if _render_patroni(suite, node)
    ]


def etcd_file(suite: Suite, name: str) -> Path:
    """Return the configuration of an etcd server."""
    return suite.folder.etc / "etcd" / f"{name}.yml"


def patroni_file(suite: Suite, node: Member) -> Path:
    """Return the configuration of a server's Patroni."""
    return suite.folder.etc / "postgres" / node.name / "patroni.yml"


def patroni_file_of(suite: Suite, process: Process) -> Path | None:
    """Return the configuration of the Patroni that a process is; None for others."""
    if process.kind != "postgres":
        return None
    return patroni_file(suite, suite.plan.member(process.server))


def _render_etcd(suite: Suite, failover: Failover, process: PlannedProcess) -> bool:
    account = account_for("etcd")
    make_folder(etcd_file(suite, process.name).parent, account)
    make_folder(suite.folder.etcd, account)
    make_data_folder(suite.folder.etcd / process.name, account)
    pair = _etcd_pair(suite, process)
    account.own(pair.key, 0o600)
    names = [(f"etcd-{number}", address) for number, address in enumerate(failover.etcd, 1)]
    values = {
        "name": process.name,
        "address": process.address,
        "failover": failover,
        "cluster": ",".join(f"{name}=https://{at}:{failover.peer_port}" for name, at in names),
        "data_folder": suite.folder.etcd / process.name,
        "pair": pair,
        "ca_file": suite.ca_file,
    }
    return write_rendered(etcd_file(suite, process.name), render("etcd.yml.j2", values), account)


def _etcd_pair(suite: Suite, process: PlannedProcess) -> KeyPair:
    hosts = (f"{process.name}.{suite.plan.dns.zone}", process.address, _LOOPBACK)
    return suite.authority.server_pair(process.name, hosts, for_clients=True)


def _render_patroni(suite: Suite, node: Member) -> bool:
    failover = suite.plan.failover
    if failover is None:
        return False
    secrets = suite.secrets
    names = ("patroni_rest", "etcd_patroni", "postgres_superuser", "postgres_replication")
    database = database_of(suite, node)
    values = {
        "node": node,
        "failover": failover,
        "namespace": NAMESPACE,
        "rest_user": REST_USER,
        "etcd_user": PATRONI_USER,
        "replication_role": REPLICATION_ROLE,
        "secrets": {name: secrets[name] for name in names},
        # JSON is YAML too.
        "settings": json.dumps(shared_settings(database, failover, suite.plan.limits)),
        "pki": suite.folder.pki,
        "data_folder": suite.folder.data / "postgres" / node.name,
        "etc_folder": patroni_file(suite, node).parent,
        "bin_folder": Path(postgres_program("postgres")).parent,
    }
    text = render("patroni.yml.j2", values)
    return write_rendered(patroni_file(suite, node), text, account_for("postgres"))

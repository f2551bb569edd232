"""Renders the configuration of etcd and of the Patroni of each Postgres server."""

import json
from pathlib import Path

from infra.accounts import account_for
from infra.authorities import Signer
from infra.certificates import KeyPair
from infra.failover.etcd import NAMESPACE, PATRONI_USER
from infra.failover.patroni import REST_USER
from infra.failover.settings import shared_settings
from infra.plan.database_roles import REPLICATION_ROLE
from infra.plan.figures import Failover
from infra.plan.parts import Member, Plan, PlannedProcess
from infra.process import Process
from infra.programs import postgres_program
from infra.rendering.files import make_data_folder, make_folder, render, write_rendered
from infra.run_folder import RunFolder
from infra.secret_values import SecretValues
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
    pair = etcd_pair(suite.authority, suite.plan, process)
    account.own(pair.key, 0o600)
    text = etcd_text(process, failover, suite.folder)
    return write_rendered(etcd_file(suite, process.name), text, account)


def etcd_text(process: PlannedProcess, failover: Failover, folder: RunFolder) -> str:
    """Return the file of an etcd server in a run folder."""
    names = [(f"etcd-{number}", address) for number, address in enumerate(failover.etcd, 1)]
    values = {
        "name": process.name,
        "address": process.address,
        "failover": failover,
        "cluster": ",".join(f"{name}=https://{at}:{failover.peer_port}" for name, at in names),
        "data_folder": folder.etcd / process.name,
        "pair": KeyPair(folder.pki / f"{process.name}.crt", folder.pki / f"{process.name}.key"),
        "ca_file": folder.pki / "ca.crt",
    }
    return render("etcd.yml.j2", values)


def etcd_pair(authority: Signer, plan: Plan, process: PlannedProcess) -> KeyPair:
    """Return the certificate of an etcd server, which also proves it to the others."""
    hosts = (f"{process.name}.{plan.dns.zone}", process.address, _LOOPBACK)
    return authority.server_pair(process.name, hosts, for_clients=True)


def _render_patroni(suite: Suite, node: Member) -> bool:
    failover = suite.plan.failover
    if failover is None:
        return False
    text = patroni_text(suite.plan, node, failover, suite.folder, suite.secrets)
    return write_rendered(patroni_file(suite, node), text, account_for("postgres"))


def patroni_text(
    plan: Plan, node: Member, failover: Failover, folder: RunFolder, secrets: SecretValues
) -> str:
    """Return the file of a server's Patroni in a run folder."""
    names = ("patroni_rest", "etcd_patroni", "postgres_superuser", "postgres_replication")
    database = next(one for one in plan.databases if one.name == node.database)
    values = {
        "node": node,
        "failover": failover,
        "namespace": NAMESPACE,
        "rest_user": REST_USER,
        "etcd_user": PATRONI_USER,
        "replication_role": REPLICATION_ROLE,
        "secrets": {name: secrets[name] for name in names},
        # JSON is YAML too.
        "settings": json.dumps(shared_settings(database, failover, plan.limits)),
        "pki": folder.pki,
        "data_folder": folder.data / "postgres" / node.name,
        "etc_folder": folder.etc / "postgres" / node.name,
        "bin_folder": Path(postgres_program("postgres")).parent,
        # On one machine a start makes the data of a database, and Patroni adopts it.
        "makes_data": plan.machines is not None,
    }
    return render("patroni.yml.j2", values)

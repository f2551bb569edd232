"""Renders the configuration of every Postgres server."""

from dataclasses import dataclass
from pathlib import Path

from infra.accounts import account_for
from infra.leaders import leader_of, leads
from infra.plan.database_roles import REPLICATION_ROLE, login_roles
from infra.plan.parts import Member, Plan
from infra.programs import program
from infra.rendering.files import make_folder, render, write_rendered
from infra.secret_values import SecretValues
from infra.suite import Suite


def render_postgres(suite: Suite) -> list[str]:
    """Write the servers' files; returns the names of the processes whose files changed."""
    return [f"postgres-{node.name}" for node in suite.plan.members if _render(suite, node)]


def data_folder(suite: Suite, node: Member) -> Path:
    """Return the data folder of a server."""
    return suite.folder.data / "postgres" / node.name


def slot_name(node: Member) -> str:
    """Return the name of the slot for which the primary keeps WAL for this replica."""
    return node.name.replace("-", "_")


def _render(suite: Suite, node: Member) -> bool:
    account = account_for("postgres")
    folder = make_folder(suite.folder.etc / "postgres" / node.name, account)
    pair = suite.authority.server_pair(f"{node.name}.postgres", certified_hosts(suite.plan, node))
    account.own(pair.key, 0o600)
    texts = server_texts(suite.plan, node, suite.secrets, _local_places(suite, node, folder))
    written = [write_rendered(folder / name, text, account) for name, text in texts.items()]
    return any(written)


@dataclass(frozen=True, slots=True)
class ServerPlaces:
    """Where a target has the folders of a Postgres server, and its archiver if it has one."""

    data: str
    etc: str
    pki: str
    pgbackrest: str = ""


def _local_places(suite: Suite, node: Member, etc: Path) -> ServerPlaces:
    return ServerPlaces(
        data=str(data_folder(suite, node)),
        etc=str(etc),
        pki=str(suite.folder.pki),
        pgbackrest=program("pgbackrest") if suite.plan.backup.enabled else "",
    )


def server_texts(
    plan: Plan, node: Member, secrets: SecretValues, places: ServerPlaces
) -> dict[str, str]:
    """Return the files of a server by name, the same on every target."""
    has_failover = plan.failover is not None
    values = {
        "node": node,
        "primary": None if leads(node) or has_failover else leader_of(plan, node),
        "failover": plan.failover,
        "slot": slot_name(node),
        "data_folder": places.data,
        "etc_folder": places.etc,
        "pki": places.pki,
        "limits": plan.limits,
        "networks": plan.client_networks,
        "is_watched": plan.watch is not None,
        "roles": (node.service, *login_roles(node.service)),
        "backup": plan.backup,
        "stanza": node.database,
        "pgbackrest": places.pgbackrest,
    }
    return {
        "postgresql.conf": render("postgresql.conf.j2", values),
        "pg_hba.conf": render("pg_hba.conf.j2", values),
        # Read at each connect, so that a new password needs no reload.
        "replicator.pgpass": f"*:*:*:{REPLICATION_ROLE}:{secrets['postgres_replication']}\n",
        "pg_ident.conf": "# Nobody is known by the user of the machine.\n",
    }


def certified_hosts(plan: Plan, node: Member) -> tuple[str, ...]:
    """Return the names in a server's certificate: with failover also that of its database."""
    own = (node.host, node.address)
    return own if plan.failover is None else (*own, leader_of(plan, node).host)

"""Renders the configuration of pgBackRest and of the backup store."""

from pathlib import Path

from infra.accounts import account_for
from infra.backups.place import Place, backup_folder, bucket_keys, place_of
from infra.plan.parts import Member
from infra.rendering.files import make_data_folder, make_folder, render, write_rendered
from infra.rendering.postgres import data_folder
from infra.suite import Suite


def render_backups(suite: Suite) -> list[str]:
    """Write all files of backups; returns the names of the processes whose files changed."""
    if not suite.plan.backup.enabled:
        return []
    place = place_of(suite)
    account = account_for("postgres")
    for name in ("lock", "spool", "log"):
        make_folder(work_folder(suite) / name, account)
    write_rendered(pgpass_file(suite), _pgpass(suite), account)
    changed = [
        f"postgres-{node.name}"
        for node in suite.plan.members
        if write_pgbackrest(suite, node, place, pgbackrest_file(suite, node))
    ]
    if suite.plan.backup.embedded and _render_store(suite):
        changed.append("backup-store")
    return changed


def pgbackrest_file(suite: Suite, node: Member) -> Path:
    """Return the path of pgBackRest's configuration for one server."""
    return suite.folder.etc / "postgres" / node.name / "pgbackrest.conf"


def pgpass_file(suite: Suite) -> Path:
    """Return the path of the superuser's password for libpq."""
    return work_folder(suite) / ".pgpass"


def work_folder(suite: Suite) -> Path:
    """Return the folder of pgBackRest's locks and spool, which may be lost."""
    return suite.folder.data / "postgres" / ".pgbackrest"


def write_pgbackrest(suite: Suite, node: Member, place: Place, file: Path) -> bool:
    """Write pgBackRest's configuration for one server and place; returns whether it changed.

    A replica has its primary's stanza, so that it goes on with the same archive after a promotion.
    """
    values = {
        "place": place,
        "stanza": node.database,
        "backup": suite.plan.backup,
        "work_folder": work_folder(suite),
        "data_folder": data_folder(suite, node),
        "port": node.port,
    }
    return write_rendered(file, render("pgbackrest.conf.j2", values), account_for("postgres"))


def restore_config(suite: Suite, node: Member, place: Place) -> Path:
    """Write the configuration for reading a primary's repository in any place; returns its file."""
    account = account_for("postgres")
    for folder in (work_folder(suite).parent, work_folder(suite)):
        make_folder(folder, account)
    for name in ("lock", "spool", "log"):
        make_folder(work_folder(suite) / name, account)
    file = work_folder(suite) / f"restore-{node.name}.conf"
    write_pgbackrest(suite, node, place, file)
    return file


def _pgpass(suite: Suite) -> str:
    return f"*:*:*:postgres:{suite.secrets['postgres_superuser']}\n"


def _render_store(suite: Suite) -> bool:
    backup = suite.plan.backup
    account = account_for("backup-store")
    folder = make_data_folder(backup_folder(suite), account)
    bucket = make_data_folder(folder / backup.bucket, account)
    # The embedded store removes an emptied folder, even while another object is written to it.
    if not (bucket / ".keep").exists():
        (bucket / ".keep").touch()
        account.own_made(bucket / ".keep")
    pair = suite.authority.server_pair(
        "backup-store",
        (f"backup-store.{suite.plan.dns.zone}", backup.address),
        spelled_addresses=(backup.address,),
    )
    account.own(pair.key, 0o600)
    access_key, secret_key = bucket_keys(suite)
    text = f"# Who may use the backup store.\nRCLONE_AUTH_KEY='\"{access_key},{secret_key}\"'\n"
    return write_rendered(suite.folder.environment("backup-store"), text, account)

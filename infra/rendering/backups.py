"""What a Postgres server and pgBackRest need to know of each other."""

from pathlib import Path

from infra.accounts import account_for
from infra.backups.place import Place, backup_folder, bucket_keys, place_of
from infra.plan.parts import Member
from infra.rendering.files import make_folder, render, write_rendered
from infra.rendering.postgres import data_folder
from infra.suite import Suite


def render_backups(suite: Suite) -> list[str]:
    """Write it all; returns the names of the processes for which something changed."""
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
    """The configuration of pgBackRest for one server."""
    return suite.folder.etc / "postgres" / node.name / "pgbackrest.conf"


def pgpass_file(suite: Suite) -> Path:
    """The superuser's password where libpq reads it."""
    return work_folder(suite) / ".pgpass"


def work_folder(suite: Suite) -> Path:
    """Locks and the spool of pgBackRest; it holds nothing that counts."""
    return suite.folder.data / "postgres" / ".pgbackrest"


def write_pgbackrest(suite: Suite, node: Member, place: Place, file: Path) -> bool:
    """Write the configuration for one server and one repository; whether it changed.

    The stanza is the primary's, on its replica too: a promoted replica goes on in the same archive.
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
    """Write how a primary's repository in any place is read, and return the file."""
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
    account = account_for("store")
    folder = make_folder(backup_folder(suite), account)
    bucket = make_folder(folder / backup.bucket, account)
    # The embedded store removes a folder that empties, also while an object enters it.
    (bucket / ".keep").touch()
    suite.authority.server_pair(
        "backup-store",
        (f"backup-store.{suite.plan.dns.zone}", backup.address),
        spelled_addresses=(backup.address,),
    )
    access_key, secret_key = bucket_keys(suite)
    text = f"# Who may use the backup store.\nRCLONE_AUTH_KEY='\"{access_key},{secret_key}\"'\n"
    return write_rendered(suite.folder.environment("backup-store"), text, account)

"""Renders the supervisor's configuration: processes, their users and their logs."""

import os

from infra.accounts import account_for
from infra.backups.place import backup_folder
from infra.process import Process
from infra.rendering.files import delete_rendered, render, write_rendered
from infra.rendering.firewall import firewall
from infra.rendering.systemd import UNIT_FOLDER, name_of_unit, unit_of, units
from infra.run_folder import REPOSITORY
from infra.suite import Suite

# systemd reads units as root, and everybody may see them: secrets are in other files.
_UNIT_MODE = 0o644


def render_supervisor(suite: Suite, processes: tuple[Process, ...]) -> bool:
    """Write the configuration, or the units of an installed suite; returns whether it changed."""
    if suite.folder.installed_file.exists():
        return render_units(suite, processes)
    values = {
        "folder": suite.folder,
        "processes": processes,
        "repository": REPOSITORY,
        "as_root": os.geteuid() == 0,
        "logs": suite.plan.limits.logs,
    }
    text = render("supervisord.conf.j2", values)
    return write_rendered(suite.folder.etc / "supervisord.conf", text, account_for("supervisor"))


def render_units(suite: Suite, processes: tuple[Process, ...]) -> bool:
    """Write the units and the firewall; units of processes that are gone are deleted."""
    owner = account_for("supervisor")
    backups = backup_folder(suite)
    texts = units(processes, suite.folder, () if backups == suite.folder.backups else (backups,))
    changed = [
        name
        for name, text in texts.items()
        if write_rendered(UNIT_FOLDER / name, text, owner, _UNIT_MODE)
    ]
    gone = [
        file
        for file in UNIT_FOLDER.glob(unit_of("*"))
        if name_of_unit(file.name) and file.name not in texts
    ]
    delete_rendered(gone)
    rules = suite.folder.etc / "firewall.nft"
    write_rendered(rules, firewall(suite.plan), owner)
    return bool(changed or gone)

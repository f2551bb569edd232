"""Deletes a suite's data, backups, logs, keys and rendered files."""

import shutil

from infra.json_files import write_durably
from infra.suite import Suite


def delete_everything(suite: Suite) -> list[str]:
    """Delete all but installed environments and units; returns the names of the deleted folders.

    The suite must be down. A file marks the reset until its last step, so that an interrupted
    reset does not look like a loss. The next reset finishes it.
    """
    folder = suite.folder
    folders = (
        folder.data,
        folder.log,
        folder.traces,
        folder.automation,
        folder.etc,
        folder.pki,
        folder.cache,
        folder.sockets,
        folder.public,
        folder.challenges,
        folder.backups,
    )
    gone = [path for path in folders if path.exists()]
    write_durably(folder.reset_file, "make reset is under way\n")
    for path in gone:
        shutil.rmtree(path)
    for path in (folder.locks, folder.code):
        shutil.rmtree(path, ignore_errors=True)
    for file in (
        folder.ledger_file,
        folder.secrets_file,
        *folder.root.glob("*.aside-*"),
        *folder.root.glob("*.draft"),
        *folder.root.glob("trace-*.html"),
        folder.network_file,
        folder.limits_file,
        folder.trace_share_file,
        folder.backups_file,
        folder.failover_file,
        folder.watch_file,
        folder.scale_file,
        folder.switches_file,
        folder.automation_file,
        folder.upkeep_file,
        folder.state_file,
        folder.compose_file,
        folder.complaints_file,
        folder.restored_file,
        folder.restoring_file,
        folder.supervisor_pid_file,
    ):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)
    folder.reset_file.unlink()
    return [path.name for path in gone]

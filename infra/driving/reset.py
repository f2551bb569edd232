"""Deletes what a suite has kept: its data, logs, keys and rendered files."""

import shutil

from infra.suite import Suite


def delete_everything(suite: Suite) -> list[str]:
    """Delete it; the suite must be down. The installed environments stay. Returns what went."""
    folder = suite.folder
    folders = (folder.data, folder.log, folder.etc, folder.pki, folder.cache, folder.sockets)
    gone = [path for path in folders if path.exists()]
    for path in gone:
        shutil.rmtree(path)
    for file in (
        folder.secrets_file,
        folder.network_file,
        folder.limits_file,
        folder.supervisor_pid_file,
    ):
        file.unlink(missing_ok=True)
    return [path.name for path in gone]

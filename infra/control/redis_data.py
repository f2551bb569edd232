"""Puts aside what a Redis cannot read, such as a log that a power cut left half written."""

from collections.abc import Sequence
from pathlib import Path

from infra.accounts import account_for
from infra.control.postgres_data import put_aside
from infra.process import Process
from infra.rendering.files import make_folder
from infra.suite import Suite

_STARTS = "Redis is starting"
# What Redis says before it ends because of its own files.
_UNREADABLE = (
    "reading the append only file",
    "rdb file reading failure",
    "Short read or OOM loading DB",
    "AOF manifest",
)


def put_unreadable_aside(suite: Suite, process: Process, log_tail: Sequence[str]) -> Path | None:
    """Put a Redis's data aside if it ended because of them; returns where they are now.

    The Redis then starts empty: nothing in it is the only copy of anything.
    """
    of_this_start = "\n".join(log_tail).rpartition(_STARTS)[2]
    folder = suite.folder.data / "redis" / process.server
    if process.kind != "redis" or not any(words in of_this_start for words in _UNREADABLE):
        return None
    aside = put_aside(folder)
    account_for("supervisor").own(aside, 0o700)
    make_folder(folder, process.account)
    return aside

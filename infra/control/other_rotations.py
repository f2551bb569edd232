"""Secrets that are replaced in a way of their own, and those that cannot be replaced in place.

A way has one line in OTHER_WAYS. It can be interrupted, and the same call then goes on.
"""

from collections.abc import Awaitable, Callable, Mapping

from infra.control.progress import Progress
from infra.suite import Suite

Way = Callable[[Suite, Progress], Awaitable[None]]

# By the word of the command.
OTHER_WAYS: Mapping[str, Way] = {}

_PAGE = "docs/operations/rotating-secrets.md"
# Why a word is refused.
KEPT: Mapping[str, str] = {
    "backup_passphrase": (
        "The passphrase of the backups cannot be replaced in place, because all that is stored was"
        f" sealed with it: {_PAGE} says how to begin a new place of backups."
    ),
    "backup_suite": "backup_suite is the name of this suite's folder in the backups, not a secret.",
    "cursor": "Cursors are not signed: each is checked by its shape, so there is no key of them.",
}

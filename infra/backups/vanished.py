"""Notices that backups which existed are no longer where the suite keeps its backups.

Each set of backups has a random identity in the bucket. The ledger remembers it, so that a missing
disk, another folder or another name does not look like a suite that has no backups yet.
"""

from typing import Any

from infra.backups.place import backup_folder, place_of
from infra.backups.subprocesses import BackupFailure
from infra.control.failures import SuiteFailure
from infra.holdings.ledger import keep_section, read_ledger
from infra.suite import Suite

# Sections of the ledger: the present backups, and a list of those that have vanished.
_PRESENT = "backups"
_VANISHED = "backups_vanished"
# Each entry takes an operator's mistake.
_VANISHED_MAX = 20


async def look_for_backups(suite: Suite) -> str:
    """Compare the running backup store with the ledger; returns why that is impossible, or ""."""
    if not suite.plan.backup.enabled or not _section(suite, _PRESENT):
        return ""
    # Imported here, because this takes longer than the rest of a start's comparison.
    from infra.backups.bucket import open_bucket
    from infra.backups.state import read_identity

    place = place_of(suite)
    try:
        async with open_bucket(place) as bucket:
            note_vanished(suite, await read_identity(bucket, place))
    except BackupFailure as failure:
        return str(failure)
    return ""


def note_vanished(suite: Suite, there: str | None) -> None:
    """Compare the identity in the bucket, None without backups, with the ledger's."""
    file = suite.folder.ledger_file
    known, standing = _section(suite, _PRESENT), _section(suite, _VANISHED) or []
    if suite.folder.restored_file.exists():
        # A restored suite begins backups of its own; those that it came from are not lost.
        if known and known["identity"] != there:
            keep_section(file, _PRESENT, None)
        vanished = []
    elif back := [entry for entry in standing if entry["identity"] == there]:
        # The ones that were taken meanwhile are given up where the older ones come back.
        keep_section(file, _PRESENT, back[0])
        vanished = [entry for entry in standing if entry not in back]
    else:
        vanished = [*standing, *_newly_gone(suite, known, standing, there)][-_VANISHED_MAX:]
    if vanished != standing:
        keep_section(file, _VANISHED, vanished)


def _newly_gone(suite: Suite, known: Any, standing: list[Any], there: str | None) -> list[Any]:
    noted = {there, *(entry["identity"] for entry in standing)}
    if not known or known["identity"] in noted:
        return []
    # It tells of a moment that can no longer be restored; the keeper soon writes another.
    suite.folder.complaints_file.unlink(missing_ok=True)
    return [known | {"instead": _here(suite)}]


def remember_backups(suite: Suite, identity: str, newest: str) -> None:
    """Note in the ledger which backups exist, and to which time they can restore."""
    if read_ledger(suite.folder.ledger_file) is None:
        return
    note_vanished(suite, identity)
    entry = {"identity": identity, "newest": newest, "where": _here(suite)}
    keep_section(suite.folder.ledger_file, _PRESENT, entry)


def vanished_lines(suite: Suite) -> list[str]:
    """Return a sentence for each set of backups that is gone and that nobody has given up."""
    try:
        standing = _section(suite, _VANISHED) or []
    except SuiteFailure:
        return []  # the next start says what is wrong with the ledger
    return [
        f"The backups, which reached {entry['newest']} UTC or later, are gone: they were"
        f" {entry['where']}, and new ones begin as {entry['instead']}. To have the old ones:"
        " `make down`, put them back, or mount their disk, or put back `backup_suite` in"
        " secrets.json, then `make up`. To give them up: `make backup KIND=full`."
        for entry in standing
    ]


def give_up_vanished(suite: Suite) -> None:
    """Forget the backups that have vanished, after a full backup."""
    if _section(suite, _VANISHED):
        keep_section(suite.folder.ledger_file, _VANISHED, [])


def _here(suite: Suite) -> str:
    place = place_of(suite)
    embedded = suite.plan.backup.embedded
    where = backup_folder(suite) if embedded else f"{place.endpoint}/{place.bucket}"
    return f"{place.suite_name} in {where}"


def _section(suite: Suite, name: str) -> Any:
    ledger = read_ledger(suite.folder.ledger_file)
    return ledger.sections.get(name) if ledger else None

"""Reads and writes the marker in the object store, which says to which suite it belongs."""

import asyncio
import datetime as dt
import json
import os
import secrets
from pathlib import Path
from typing import Any

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.holdings.external_store import look_at_external, mark_external
from infra.holdings.facts import Presence, StoreFacts
from infra.holdings.ledger import Ledger, StoreEntry
from infra.json_files import read_json, write_durably
from infra.rendering.files import READABLE_STORE, make_data_folder
from infra.suite import Suite

# The marker is outside the photos' prefixes, so that their upkeep never sees it.
_MARKER = Path("suite") / "marker.json"
# Counting stops here, because it only distinguishes an emptied store from a full one.
OBJECTS_COUNTED_MAX = 100_000


def bucket_folder(suite: Suite) -> Path:
    """Return the folder of the embedded store's objects."""
    return suite.folder.store / suite.plan.store.bucket


def make_bucket(suite: Suite) -> None:
    """Create the bucket of an embedded store, and the folders of its prefixes."""
    if not suite.plan.store.embedded:
        return
    for prefix in ("quarantine", "renditions"):
        account = account_for("store")
        make_data_folder(bucket_folder(suite), account, READABLE_STORE)
        folder = make_data_folder(bucket_folder(suite) / prefix, account, READABLE_STORE)
        # The embedded store removes an emptied folder, even while another object is written to it.
        if not (folder / ".keep").exists():
            (folder / ".keep").touch()
            account.own_made(folder / ".keep")


async def look_at_store(suite: Suite) -> StoreFacts | None:
    """Read whose the store is; None for an external store without keys."""
    if suite.plan.store.embedded:
        return await asyncio.to_thread(_look_at_embedded, suite)
    return await look_at_external(suite) if suite.folder.secrets_file.exists() else None


def _look_at_embedded(suite: Suite) -> StoreFacts:
    folder = bucket_folder(suite)
    if not folder.exists():
        return StoreFacts(str(folder), Presence.MISSING)
    file = folder / _MARKER
    try:
        marker = read_json(file) if file.exists() else {}
    except SuiteFailure as failure:
        return StoreFacts(str(folder), Presence.DAMAGED, str(failure).rstrip("."))
    return StoreFacts(
        place=str(folder),
        presence=Presence.WHOLE,
        identity=marker.get("identity"),
        suite=marker.get("suite"),
        objects=count_objects(folder),
    )


def count_objects(folder: Path) -> int:
    """Count the objects of a bucket without its marker, up to OBJECTS_COUNTED_MAX."""
    count = 0
    waiting = [folder]
    marker_folder = str(folder / _MARKER.parent)
    while waiting and count < OBJECTS_COUNTED_MAX:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.path == marker_folder:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif not entry.name.startswith("."):
                    count += 1
    return min(count, OBJECTS_COUNTED_MAX)


async def mark_store(suite: Suite, ledger: Ledger) -> StoreEntry:
    """Write the marker if it is missing; returns the ledger's new entry for the store.

    A correct marker stays as it is, because a running embedded store lists what it saw before.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    known = ledger.store.identity if ledger.store else None
    if not suite.plan.store.embedded:
        identity = known or secrets.token_hex(8)
        if known is None:
            await mark_external(suite, _marker(ledger, identity, now))
        return StoreEntry(identity=identity, seen_at=now)
    identity = await asyncio.to_thread(_mark_embedded, suite, ledger, known, now)
    objects = await asyncio.to_thread(count_objects, bucket_folder(suite))
    return StoreEntry(identity=identity, objects=objects, seen_at=now)


def _mark_embedded(suite: Suite, ledger: Ledger, known: str | None, now: dt.datetime) -> str:
    file = bucket_folder(suite) / _MARKER
    there = read_json(file) if file.exists() else {}
    is_ours = there.get("suite") == ledger.suite
    # An interrupted start has written the marker, and not yet the ledger.
    identity = known or (there.get("identity") if is_ours else None) or secrets.token_hex(8)
    if not is_ours or there.get("identity") != identity:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, json.dumps(_marker(ledger, identity, now), indent=1) + "\n")
        account_for("store").own_made(file.parent, file)
    return str(identity)


def _marker(ledger: Ledger, identity: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "identity": identity,
        "suite": ledger.suite,
        "sequence": ledger.sequence,
        "written_at": now.isoformat(),
        "primaries": {name: entry.system_identifier for name, entry in ledger.primaries.items()},
    }

"""The marker in the object store, beside the photos, which says whose it is."""

import asyncio
import datetime as dt
import json
import os
import secrets
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.holdings.external_store import look_at_external, mark_external
from infra.holdings.facts import Presence, StoreFacts
from infra.holdings.ledger import Ledger, StoreEntry
from infra.json_files import read_json, write_durably
from infra.suite import Suite

# Outside of the photos' prefixes, so no upkeep of photos meets it.
_MARKER = Path("suite") / "marker.json"
# Counting stops here: it is to tell an emptied store from a full one, not to add up.
OBJECTS_COUNTED_MAX = 100_000


def bucket_folder(suite: Suite) -> Path:
    """Where the embedded store keeps the bucket's objects."""
    return suite.folder.data / "store" / suite.plan.store.bucket


def make_bucket(suite: Suite) -> None:
    """Make the bucket of an embedded store, and the folders of its prefixes."""
    if not suite.plan.store.embedded:
        return
    for prefix in ("quarantine", "renditions"):
        folder = bucket_folder(suite) / prefix
        folder.mkdir(parents=True, exist_ok=True)
        # The embedded store removes a folder that empties, also while another object enters it.
        (folder / ".keep").touch()


async def look_at_store(suite: Suite) -> StoreFacts | None:
    """Whose the store is; None for one of somebody else's whose keys are not there to ask it."""
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
    """How many objects lie in a bucket beside its marker, OBJECTS_COUNTED_MAX at most."""
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
    """Write the marker with what the ledger says now; returns what the ledger is to say of it."""
    known = ledger.store.identity if ledger.store else None
    identity = known or secrets.token_hex(8)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    marker = _marker(ledger, identity, now)
    if not suite.plan.store.embedded:
        if known is None:
            await mark_external(suite, marker)
        return StoreEntry(identity=identity, seen_at=now)
    file = bucket_folder(suite) / _MARKER
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, json.dumps(marker, indent=1) + "\n")
    objects = await asyncio.to_thread(count_objects, bucket_folder(suite))
    return StoreEntry(identity=identity, objects=objects, seen_at=now)


def _marker(ledger: Ledger, identity: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "identity": identity,
        "suite": ledger.suite,
        "sequence": ledger.sequence,
        "written_at": now.isoformat(),
        "primaries": {name: entry.system_identifier for name, entry in ledger.primaries.items()},
    }

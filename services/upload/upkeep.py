"""The operators' looks at the store: `python -m services.upload.upkeep sweep|verify|mirror`."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from services.upload.actions.mirror_store import Mirrored, compare_stores, mirror_store
from services.upload.actions.sweep_store import sweep_store
from services.upload.actions.verify_store import verify_store
from services.upload.resources import Resources, open_resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import Objects
from shared.errors import AppError
from shared.settings import read_settings

# The rest is counted: whoever has thousands needs the first few to see what happened.
_KEYS_SHOWN_MAX = 20


def main() -> int:
    """Do what the arguments say; 1 if something is missing or cannot be asked."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["sweep", "verify", "mirror"])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--back", action="store_true", help="from the second bucket to the first")
    asked = parser.parse_args()
    try:
        return asyncio.run(_run(asked))
    except AppError as error:
        sys.stderr.write(f"\n{error.detail} `make status` shows which process is away.\n")
        return 1


async def _run(asked: argparse.Namespace) -> int:
    async with open_resources(read_settings(UploadSettings)) as resources:
        match asked.what:
            case "sweep":
                return await _sweep(resources, is_dry=asked.dry_run)
            case "mirror":
                return await _mirror(resources.objects, is_back=asked.back)
            case _:
                return await _verify(resources)


async def _sweep(resources: Resources, *, is_dry: bool) -> int:
    swept = await sweep_store(resources.group, resources.objects, datetime.now(UTC), is_dry=is_dry)
    verb = "would take away" if is_dry else "took away"
    _say(
        f"{verb} {swept.uploads} abandoned uploads, {swept.photos} photos in no post"
        f" and {swept.orphans} orphaned objects"
    )
    return 0


async def _verify(resources: Resources) -> int:
    found = await verify_store(resources.group, resources.objects, datetime.now(UTC))
    _say(
        f"{found.photos} ready photos: {len(found.missing)} renditions missing,"
        f" {len(found.orphans)} orphaned objects"
    )
    for word, keys in (("missing", found.missing), ("orphan", found.orphans)):
        for key in keys[:_KEYS_SHOWN_MAX]:
            _say(f"  {word}: {key}")
    if found.orphans:
        _say("  orphans go with `make sweep`")
    return 1 if found.missing else 0


async def _mirror(objects: Objects, *, is_back: bool) -> int:
    if objects.second is None:
        _say("There is no second bucket: name one in [store.second], and once more.")
        return 1
    pair = (objects.second, objects) if is_back else (objects, objects.second)

    def tell(done: Mirrored) -> None:
        _say(f"{done.seen} objects seen, {done.copied} copied ({done.copied_bytes / 1e6:.1f} MB)")

    began = datetime.now(UTC)
    await objects.second.make_bucket()
    await mirror_store(*pair, tell)
    found = await compare_stores(*pair, began)
    _say(f"{found.objects} objects of before: the other bucket lacks {len(found.missing)} of them")
    for key in found.missing[:_KEYS_SHOWN_MAX]:
        _say(f"  missing: {key}")
    return 1 if found.missing else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

"""Operators' commands for the store: `python -m services.upload.upkeep sweep|verify|mirror`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.upload.actions.mirror_store import Mirrored, compare_stores, mirror_store
from services.upload.actions.sweep_store import SweepRules, Swept, sweep_store
from services.upload.actions.verify_store import verify_store
from services.upload.resources import Resources, open_resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import Objects
from shared.errors import AppError
from shared.settings import read_settings
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_map import ShardMapError

# The rest is only counted: the first few keys show an operator what happened.
_KEYS_SHOWN_MAX = 20


def main() -> int:
    """Run the command in the arguments; returns 1 if something is missing or does not answer."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["sweep", "verify", "mirror"])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--back", action="store_true", help="from the second bucket to the first")
    parser.add_argument("--share", type=float, default=RemovalRules().share_max)
    parser.add_argument("--go-on", action="store_true", help="whatever the number of orphans")
    parser.add_argument("--lost", action="append", default=[], help="a primary lost for good")
    asked = parser.parse_args()
    try:
        return asyncio.run(_run(asked))
    except (AppError, ShardMapError, *DRIVER_ERRORS) as error:
        said = error.detail if isinstance(error, AppError) else str(error)
        sys.stderr.write(
            f"\n{asked.what} stopped: {said} Nothing was deleted after that. Run it again when all"
            " of this answers (`make status`); what is done stays done.\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{asked.what} was interrupted; run it again to go on.\n")
        return 130


async def _run(asked: argparse.Namespace) -> int:
    settings = read_settings(UploadSettings)
    removal = RemovalRules(
        share_max=asked.share, may_exceed=asked.go_on, lost=frozenset(asked.lost)
    )
    async with open_resources(settings) as resources:
        match asked.what:
            case "sweep":
                wait = timedelta(hours=settings.orphan_wait_hours)
                rules = SweepRules(wait=wait, removal=removal, is_dry=asked.dry_run)
                return await _sweep(resources, rules)
            case "mirror":
                return await _mirror(resources.objects, is_back=asked.back)
            case _:
                return await _verify(resources, removal)


async def _sweep(resources: Resources, rules: SweepRules) -> int:
    swept = await sweep_store(resources.group, resources.objects, datetime.now(UTC), rules)
    verb = "would remove" if rules.is_dry else "removed"
    _say(f"{verb} {swept.uploads} abandoned uploads and {swept.photos} photos in no post")
    _say_orphans(swept, rules)
    _say_reasons(swept.reasons, "No object was deleted" if swept.reasons else "")
    return 1 if swept.reasons else 0


def _say_orphans(swept: Swept, rules: SweepRules) -> None:
    waiting = swept.orphans - swept.deleted
    if not swept.listed:
        _say("the store was not listed")
        return
    _say(f"{swept.orphans} orphaned objects, {swept.deleted} of them deleted")
    if waiting and not swept.reasons and not rules.is_dry:
        hours = rules.wait.total_seconds() / 3600
        _say(
            f"  {waiting} are noted: the first `make sweep` after {hours:.0f} h deletes those that"
            " are still orphans"
        )


async def _verify(resources: Resources, rules: RemovalRules) -> int:
    found = await verify_store(resources.group, resources.objects, datetime.now(UTC), rules)
    _say(f"{found.photos} ready photos with {found.renditions} renditions, {found.objects} objects")
    counts = f"{found.missing_count} renditions missing, {found.orphan_count} orphaned objects"
    _say(f"{counts} among what could be compared" if found.reasons else counts)
    for word, keys in (("missing", found.missing), ("orphan", found.orphans)):
        for key in keys[:_KEYS_SHOWN_MAX]:
            _say(f"  {word}: {key}")
    if found.orphan_count and not found.reasons:
        _say("  orphans go with two runs of `make sweep`, a day apart")
    is_in_doubt = "These numbers do not prove that nothing is missing" if found.reasons else ""
    _say_reasons(found.reasons, is_in_doubt)
    return 1 if found.missing_count or found.reasons else 0


def _say_reasons(reasons: Sequence[str], conclusion: str) -> None:
    for reason in reasons:
        _say(f"  {reason}")
    if conclusion:
        _say(f"{conclusion}. What to do: docs/operations/upkeep.md")


async def _mirror(objects: Objects, *, is_back: bool) -> int:
    if objects.second is None:
        _say("There is no second bucket: name one in [store.second], then run this again.")
        return 1
    pair = (objects.second, objects) if is_back else (objects, objects.second)

    def tell(done: Mirrored) -> None:
        _say(f"{done.seen} objects seen, {done.copied} copied ({done.copied_bytes / 1e6:.1f} MB)")

    began = datetime.now(UTC)
    await objects.second.make_bucket()
    await mirror_store(*pair, tell)
    found = await compare_stores(*pair, began)
    _say(f"{found.objects} older objects: the other bucket lacks {len(found.missing)} of them")
    for key in found.missing[:_KEYS_SHOWN_MAX]:
        _say(f"  missing: {key}")
    return 1 if found.missing else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    code = main()
    # The work has ended, so an interrupt from here on changes nothing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)

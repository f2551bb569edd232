"""Keeps the list of deleted accounts with the backups, so that a restore deletes them again."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from infra.backups.bucket import Bucket
from infra.backups.due import forgotten_after_days
from infra.backups.place import Place
from infra.backups.primaries import deleted_accounts
from infra.backups.state import read_erasures, still_listed, write_erasures
from infra.leaders import leaders
from infra.suite import Suite

# A deletion may be committed a while after the time in its row.
_OVERLAP = timedelta(minutes=5)


async def keep_erasures(
    suite: Suite,
    bucket: Bucket,
    place: Place,
    moment: datetime,
    known: Mapping[int, datetime] | None = None,
) -> dict[int, datetime]:
    """Bring the list up to `moment`, and return it: account ids with their times of deletion.

    `known` is the list of the round before, which spares reading it.
    """
    keep = timedelta(days=forgotten_after_days(suite.plan.backup))
    if known is None:
        known = await read_erasures(bucket, place)
    since = max(known.values(), default=moment - keep) - _OVERLAP
    found = dict(known)
    for node in leaders(suite.plan.databases):
        found |= await deleted_accounts(suite, node, since)
    kept = still_listed(found, moment, keep)
    if kept != known:
        await write_erasures(bucket, place, kept)
    return kept

"""Reports whether anything still names a deleted account."""

from collections.abc import Sequence

from infra.backups.due import forgotten_after_days
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.deletion_audit.databases import remains_in_postgres
from infra.deletion_audit.found import Remains
from infra.deletion_audit.may_stay import MAY_STAY
from infra.deletion_audit.redis_keys import remains_in_redis
from infra.deletion_audit.store_objects import remains_in_caches, remains_in_store
from infra.suite import Suite


async def remains_everywhere(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Find rows, keys, objects and cached pictures with any of the words.

    A word is the id of an account, post, photo or upload, a username or an address.
    """
    return [
        *await remains_in_postgres(suite, wanted),
        *await remains_in_redis(suite, wanted),
        *remains_in_store(suite, wanted),
        *remains_in_caches(suite, wanted),
    ]


async def check_deleted(suite: Suite, wanted: Sequence[str], progress: Progress) -> None:
    """Print all traces; raises SuiteFailure if there are any."""
    found = await remains_everywhere(suite, wanted)
    for remains in found:
        progress.say(f"{remains.wanted}: {remains.rows} in {remains.place}")
    if not suite.plan.store.embedded:
        progress.say("the external store was not searched: list it by renditions/<photo id>/")
    days = forgotten_after_days(suite.plan.backup)
    for one in MAY_STAY:
        progress.say(f"may stay: {one.what} (ends: {one.ends.format(backup_days=days)})")
    if found:
        raise SuiteFailure("Traces are left. Check first whether the deletion has finished.")
    searched = (
        "Postgres, Redis and the store" if suite.plan.store.embedded else "Postgres and Redis"
    )
    progress.say(f"nothing is left in {searched}")

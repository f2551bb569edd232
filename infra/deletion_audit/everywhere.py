"""Reports whether anything still contains the ids of a deleted account."""

from collections.abc import Sequence

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.deletion_audit.databases import remains_in_postgres
from infra.deletion_audit.found import Remains
from infra.deletion_audit.redis_keys import remains_in_redis
from infra.deletion_audit.store_objects import remains_in_store
from infra.suite import Suite


async def remains_everywhere(suite: Suite, wanted_ids: Sequence[int]) -> list[Remains]:
    """Find rows, keys and objects with any of the ids, of an account or its posts and photos."""
    return [
        *await remains_in_postgres(suite, wanted_ids),
        *await remains_in_redis(suite, wanted_ids),
        *remains_in_store(suite, wanted_ids),
    ]


async def check_deleted(suite: Suite, wanted_ids: Sequence[int], progress: Progress) -> None:
    """Print all traces; raises SuiteFailure if there are any."""
    found = await remains_everywhere(suite, wanted_ids)
    for remains in found:
        progress.say(f"{remains.wanted_id}: {remains.rows} in {remains.place}")
    if not suite.plan.store.embedded:
        progress.say("the external store was not searched: list it by renditions/<photo id>/")
    if found:
        raise SuiteFailure("Traces are left. Check first whether the deletion has finished.")
    searched = (
        "Postgres, Redis and the store" if suite.plan.store.embedded else "Postgres and Redis"
    )
    progress.say(f"nothing is left in {searched}")

"""The exact newest entries of many authors together, found in a few bounded rounds."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import Counter

from services.feed.domain.newest import (
    first_limit_each,
    keep_newest,
    next_limit_each,
    still_open,
)
from services.feed.store.author_entries import newest_of_authors
from shared.sharding.shard_group import ShardGroup

PARTIAL = Counter("retrato_feed_partial_merges_total", "Merges that lacked some primary's posts.")


@dataclass(frozen=True, slots=True)
class Newest:
    """Ids in descending order; `complete` is false if some authors could not be read."""

    ids: list[int]
    complete: bool


async def newest_entries(
    group: ShardGroup, author_ids: Iterable[int], *, before: int, count: int
) -> Newest:
    """The newest `count` posts of these authors that are older than `before`.

    Raises Unavailable if no author could be read.
    """
    open_authors = dict.fromkeys(author_ids, before)
    limit_each = first_limit_each(len(open_authors), count)
    kept: list[int] = []
    complete = True
    while open_authors:
        found = await newest_of_authors(group, open_authors, limit_each)
        complete = complete and not found.away
        kept = keep_newest(kept, found.ids_by_author, count)
        open_authors = still_open(found.ids_by_author, kept, count, limit_each)
        limit_each = next_limit_each(limit_each, count)
    if not complete:
        # The viewer misses posts of authors on the lost primary; `completeness` says so.
        PARTIAL.inc()
    return Newest(kept, complete)

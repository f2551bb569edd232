"""Finds out which objects of the store the database knows."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS, ListedObject
from shared.ids import created_ms
from shared.sharding.doubts import Witness
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Upload's keys name an id that tells the shard; other objects in the bucket are left alone.
_OURS: Mapping[str, re.Pattern[str]] = {
    QUARANTINE: re.compile(QUARANTINE + r"/([1-9][0-9]{0,18})\.(?:piece-)?[0-9a-f]{32}"),
    RENDITIONS: re.compile(RENDITIONS + r"/([1-9][0-9]{0,18})/[^/]+"),
    ARCHIVES: re.compile(ARCHIVES + r"/([1-9][0-9]{0,18})\.(?:zip|documents)"),
}


def id_in(prefix: str, key: str) -> int | None:
    """The id in one of upload's keys; None for any other key."""
    ours = _OURS[prefix].fullmatch(key)
    return None if ours is None else int(ours[1])


def witness(prefix: str, found: ListedObject, id_: int, shard: int) -> Witness:
    """What an object proves about its shard: the shard existed when the object was made.

    Only photos have ids from this group; owners and archives have theirs from users.
    """
    made_s = found.modified_at.timestamp()
    if prefix != RENDITIONS:
        return Witness(shard, made_s)
    id_ms = created_ms(id_)
    return Witness(shard, min(made_s, id_ms / 1000), id_ms)


async def unknown_keys(group: ShardGroup, prefix: str, ids: Mapping[str, int]) -> list[str]:
    """The keys, given with their ids, that the database does not know; one statement per primary.

    No replica answers for a lost primary: raises Unavailable.
    """
    if not ids:
        return []
    shards = {group.shard_of(id_) for id_ in ids.values()}
    if prefix == ARCHIVES:
        rows = await group.rows_across(
            _SQL["archives"], shards, stand_in=False, ids=list(ids.values())
        )
        known_ids = {row["id"] for row in rows}
        return [key for key, id_ in ids.items() if id_ not in known_ids]
    known = await _known(group, prefix, shards, ids)
    return [key for key in ids if key not in known]


async def _known(
    group: ShardGroup, prefix: str, shards: Collection[int], ids: Mapping[str, int]
) -> set[str]:
    if prefix == QUARANTINE:
        rows = await group.rows_across(
            _SQL["originals_and_pieces"], shards, stand_in=False, keys=list(ids)
        )
    else:
        rows = await group.rows_across(
            _SQL["renditions"], shards, stand_in=False, ids=list(ids.values())
        )
    return {row["key"] for row in rows}

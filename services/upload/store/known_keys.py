"""Which objects of the store something in the database stands for."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A key of ours names the id that tells the shard; anything else in the bucket is none of ours.
_OURS: Mapping[str, re.Pattern[str]] = {
    QUARANTINE: re.compile(QUARANTINE + r"/([1-9][0-9]{0,18})\.(?:piece-)?[0-9a-f]{32}"),
    RENDITIONS: re.compile(RENDITIONS + r"/([1-9][0-9]{0,18})/[^/]+"),
    ARCHIVES: re.compile(ARCHIVES + r"/([1-9][0-9]{0,18})\.(?:zip|documents)"),
}


async def unknown_keys(group: ShardGroup, prefix: str, keys: Collection[str]) -> list[str]:
    """Those of ours that nothing stands for; one statement per primary."""
    ids = {key: int(ours[1]) for key in keys if (ours := _OURS[prefix].fullmatch(key)) is not None}
    if not ids:
        return []
    shards = {group.shard_of(id_) for id_ in ids.values()}
    if prefix == ARCHIVES:
        rows = await group.rows_across(_SQL["archives"], shards, ids=list(ids.values()))
        known_ids = {row["id"] for row in rows}
        return [key for key, id_ in ids.items() if id_ not in known_ids]
    if prefix == QUARANTINE:
        rows = await group.rows_across(_SQL["originals_and_pieces"], shards, keys=list(ids))
    else:
        rows = await group.rows_across(_SQL["renditions"], shards, ids=list(ids.values()))
    known = {row["key"] for row in rows}
    return [key for key in ids if key not in known]

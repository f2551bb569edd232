"""Groups ids by primary, so that an unreachable primary affects only its own ids."""

from collections import defaultdict
from collections.abc import Iterable

from shared.sharding.shard_group import ShardGroup


def apart_by_primary(group: ShardGroup, ids: Iterable[int]) -> list[list[int]]:
    """Return a list of ids per primary that holds any; each list keeps the given order."""
    primary_of = {
        shard: primary.name
        for primary in group.primaries()
        for shard in group.shards_on(primary.name)
    }
    parts: dict[str, list[int]] = defaultdict(list)
    for item_id in ids:
        parts[primary_of[group.shard_of(item_id)]].append(item_id)
    return list(parts.values())

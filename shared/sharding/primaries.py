"""Which ids share a primary, so that one that is away takes only its own with it."""

from collections import defaultdict
from collections.abc import Iterable

from shared.sharding.shard_group import ShardGroup


def apart_by_primary(group: ShardGroup, ids: Iterable[int]) -> list[list[int]]:
    """The ids in one list per primary that holds some of them, each in the order given."""
    primary_of = {
        shard: primary.name
        for primary in group.primaries()
        for shard in group.shards_on(primary.name)
    }
    parts: dict[str, list[int]] = defaultdict(list)
    for item_id in ids:
        parts[primary_of[group.shard_of(item_id)]].append(item_id)
    return list(parts.values())

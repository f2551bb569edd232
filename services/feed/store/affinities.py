"""Counts a viewer's recent likes and comments per author."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from services.feed.domain.edge_kinds import LIKE
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

_LIKES_MAX = 200
# Per shard.
_COMMENTS_MAX = 20


async def find_affinities(group: ShardGroup, viewer_id: int) -> Mapping[int, int]:
    """Deeds per author id; costs a statement in the viewer's shard and one per primary.

    Raises Unavailable.
    """
    liked = await Edges(group, LIKE).page_of_targets(viewer_id, limit=_LIKES_MAX, cursor=None)
    rows = await group.rows_across(
        _SQL["deeds_by_author"],
        set(group.shards()),
        liked=liked.ids,
        viewer_id=viewer_id,
        comments_max=_COMMENTS_MAX,
    )
    deeds: Counter[int] = Counter()
    for row in rows:
        deeds[row["author_id"]] += row["deeds"]
    return deeds

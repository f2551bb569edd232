"""Stored names of tags, and the search among them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.feed.domain.edge_kinds import TAG
from services.feed.domain.tags import tag_id
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A viewer learns of a tag through the authors of this many newest posts.
SAMPLED_POSTS = 8


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A tag, its number of posts, and the ids of the newest ones."""

    name: str
    post_count: int
    newest: Sequence[int]


async def keep_names(group: ShardGroup, names: Sequence[str]) -> None:
    """Store the names of tags, skipping known ones."""
    by_shard: dict[int, list[str]] = defaultdict(list)
    for name in names:
        by_shard[group.shard_of(tag_id(name))].append(name)
    for shard, of_shard in by_shard.items():
        ids = [tag_id(name) for name in of_shard]
        async with group.writer(shard) as tx:
            await tx.execute(_SQL["keep_names"], ids=ids, names=of_shard)


async def tags_beginning_with(
    group: ShardGroup, prefixes: Collection[str], limit: int
) -> list[FoundTag]:
    """The most used tags with one of at most two prefixes; one statement per primary."""
    patterns = [_pattern(prefix) for prefix in prefixes]
    rows = await group.rows_across(
        _SQL["beginning_with"],
        set(group.shards()),
        kind=TAG,
        pattern=patterns[0],
        former_pattern=patterns[-1],
        limit=limit,
        sampled=SAMPLED_POSTS,
    )
    found = [FoundTag(row["name"], row["post_count"], row["newest"]) for row in rows]
    return sorted(found, key=lambda tag: (-tag.post_count, tag.name))[:limit]


def _pattern(prefix: str) -> str:
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"

"""Edges that cross shards: written in the source's shard, mirrored in the target's, audited."""

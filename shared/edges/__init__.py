"""Edges that cross shards: written where they begin, mirrored where they end, audited."""

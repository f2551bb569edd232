"""The first shard map of every group; from then on it is state that a shard's move changes."""

import json
from typing import Any

from infra.suite import Suite
from infra.topology import Group, PostgresNode


def render_shard_maps(suite: Suite) -> None:
    """Write the maps that are missing."""
    for group in suite.topology.groups.values():
        file = suite.folder.shard_map(group.name)
        if file.exists():
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(_first_map(suite, group), indent=1) + "\n", encoding="utf-8")
        draft.replace(file)


def _first_map(suite: Suite, group: Group) -> dict[str, Any]:
    port = suite.topology.limits.postgres_port

    def place(node: PostgresNode) -> dict[str, Any]:
        return {"host": node.host, "port": port}

    return {
        "group": group.name,
        "version": 1,
        "shard_count": group.shard_count,
        "primaries": {
            primary.node.name: {
                **place(primary.node),
                "replicas": [place(replica) for replica in primary.replicas],
            }
            for primary in group.primaries
        },
        "shards": [
            {
                "first": primary.first_shard,
                "last": primary.last_shard,
                "primary": primary.node.name,
            }
            for primary in group.primaries
        ],
    }

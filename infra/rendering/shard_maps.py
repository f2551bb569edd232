"""Writes the shard map of a group: where its shards live, by what the databases say."""

import json
from collections.abc import Sequence
from typing import Any

from infra.holdings.positions import ranges_of
from infra.json_files import write_durably
from infra.suite import Suite
from infra.topology import Group, PostgresNode


def write_shard_map(
    suite: Suite, group: Group, primary_by_shard: Sequence[str], version: int
) -> None:
    """Replace the map; services take it over if its version is not older than theirs."""
    file = suite.folder.shard_map(group.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    document = shard_map_document(suite, group, primary_by_shard, version)
    write_durably(file, json.dumps(document, indent=1) + "\n")


def shard_map_document(
    suite: Suite, group: Group, primary_by_shard: Sequence[str], version: int
) -> dict[str, Any]:
    """The map as a document: servers from the topology, homes as they are given."""
    port = suite.topology.limits.postgres_port

    def place(node: PostgresNode) -> dict[str, Any]:
        return {"host": node.host, "port": port}

    return {
        "group": group.name,
        "version": version,
        "shard_count": len(primary_by_shard),
        "primaries": {
            primary.node.name: {
                **place(primary.node),
                "replicas": [place(replica) for replica in primary.replicas],
            }
            for primary in group.primaries
        },
        "shards": [
            {"first": first, "last": last, "primary": primary.node.name}
            for primary in group.primaries
            for first, last in ranges_of(
                [s for s, home in enumerate(primary_by_shard) if home == primary.node.name]
            )
        ],
    }

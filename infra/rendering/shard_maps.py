"""Writes the shard map of a group."""

import json
from collections.abc import Sequence
from typing import Any

from infra.holdings.positions import ranges_of
from infra.json_files import write_durably
from infra.leaders import followers, leader
from infra.plan.parts import Database, Member, ShardGroup
from infra.suite import Suite

# It names places only, and service and worker have accounts of their own.
SHARD_MAP_MODE = 0o644


def write_shard_map(
    suite: Suite,
    group: ShardGroup,
    primary_by_shard: Sequence[str],
    version: int,
    *,
    elects: bool = False,
) -> None:
    """Replace the map; services use it unless its version is older than theirs."""
    file = suite.folder.shard_map(group.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    document = shard_map_document(group, primary_by_shard, version, elects=elects)
    write_durably(file, json.dumps(document, indent=1) + "\n", mode=SHARD_MAP_MODE)


def shard_map_document(
    group: ShardGroup, primary_by_shard: Sequence[str], version: int, *, elects: bool = False
) -> dict[str, Any]:
    """Return the map as a document, with servers from the plan and the given shards' primaries.

    It names the leader of each primary, or only the members if they elect their leader.
    """
    return {
        "group": group.name,
        "version": version,
        "shard_count": len(primary_by_shard),
        "primaries": {
            database.name: _electing(database) if elects else _led(database)
            for database in group.databases
        },
        "shards": [
            {"first": first, "last": last, "primary": database.name}
            for database in group.databases
            for first, last in ranges_of(
                [s for s, home in enumerate(primary_by_shard) if home == database.name]
            )
        ],
    }


def _led(database: Database) -> dict[str, Any]:
    return {
        **_place(leader(database)),
        "replicas": [_place(replica) for replica in followers(database)],
    }


def _electing(database: Database) -> dict[str, Any]:
    return {"members": [_place(member) for member in database.members]}


def _place(member: Member) -> dict[str, Any]:
    return {"host": member.host, "port": member.port}

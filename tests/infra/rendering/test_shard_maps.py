"""A shard map contains the topology's servers and the given homes of shards."""

from pathlib import Path

from infra.plan.planning import plan_of
from infra.rendering.shard_maps import write_shard_map
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology
from shared.sharding.shard_map import parse_shard_map


def test_the_services_understand_the_map(tmp_path: Path) -> None:
    suite = Suite(plan_of(load_topology()), RunFolder(tmp_path), Path("/decoder/python"))
    homes = ["users-a"] * 31 + ["users-b"] * 33
    write_shard_map(suite, suite.plan.groups["users"], homes, 3)
    shard_map = parse_shard_map(suite.folder.shard_map("users").read_bytes())
    assert shard_map.version == 3
    assert list(shard_map.shards_on("users-a")) == list(range(31))
    assert list(shard_map.shards_on("users-b")) == list(range(31, 64))
    assert [r.host for r in shard_map.primaries["users-a"].replicas] == [
        "users-a-replica.postgres.internal"
    ]


def test_a_map_of_members_that_elect_names_no_leader(tmp_path: Path) -> None:
    suite = Suite(plan_of(load_topology()), RunFolder(tmp_path), Path("/decoder/python"))
    group = suite.plan.groups["users"]
    write_shard_map(suite, group, ["users-a"] * 64, 4, elects=True)
    shard_map = parse_shard_map(suite.folder.shard_map("users").read_bytes())
    primary = shard_map.primaries["users-a"]
    assert primary.leader is None
    assert [member.host for member in primary.members] == [
        member.host for member in group.databases[0].members
    ]

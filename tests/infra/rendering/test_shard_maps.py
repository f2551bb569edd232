"""The first shard map follows the topology; a map that is there is state and stays."""

import json
from pathlib import Path

from infra.rendering.shard_maps import render_shard_maps
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology
from shared.sharding.shard_map import parse_shard_map


def _suite(folder: Path) -> Suite:
    return Suite(load_topology(), RunFolder(folder), Path("/decoder/python"))


def test_the_services_understand_the_map(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    render_shard_maps(suite)
    shard_map = parse_shard_map(suite.folder.shard_map("users").read_bytes())
    assert list(shard_map.shards_on("users-a")) == list(range(32))
    assert list(shard_map.shards_on("users-b")) == list(range(32, 64))


def test_a_map_that_a_move_has_changed_is_left_alone(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    render_shard_maps(suite)
    file = suite.folder.shard_map("users")
    moved = json.dumps({**json.loads(file.read_text(encoding="utf-8")), "version": 2})
    file.write_text(moved, encoding="utf-8")
    render_shard_maps(suite)
    assert file.read_text(encoding="utf-8") == moved

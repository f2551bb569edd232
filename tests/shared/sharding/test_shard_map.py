"""An incomplete shard map is refused."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from shared.sharding.shard_map import ShardMapError, ShardMapFile, parse_shard_map

MAP: dict[str, Any] = {
    "group": "users",
    "version": 3,
    "shard_count": 4,
    "primaries": {
        "users-a": {
            "host": "users-a.postgres.internal",
            "port": 5432,
            "replicas": [{"host": "users-a-replica.postgres.internal", "port": 5432}],
        },
        "users-b": {"host": "users-b.postgres.internal", "port": 5433, "replicas": []},
    },
    "shards": [
        {"first": 0, "last": 2, "primary": "users-a"},
        {"first": 3, "last": 3, "primary": "users-b"},
    ],
}


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(MAP) | changes


def write(file: Path, document: dict[str, Any]) -> None:
    file.write_text(json.dumps(document))
    # Distinct times, since two writes may fall into one tick of the file system's clock.
    os.utime(file, ns=(0, document["version"] * 10**9))


def test_each_shard_has_its_primary() -> None:
    shard_map = parse_shard_map(json.dumps(MAP).encode())
    assert [home.name for home in shard_map.primary_by_shard] == ["users-a"] * 3 + ["users-b"]
    assert shard_map.shards_on("users-a") == (0, 1, 2)
    assert shard_map.primary_by_shard[0].replicas[0].host == "users-a-replica.postgres.internal"


def test_a_map_without_a_leader_names_the_members_that_elect_one() -> None:
    members = [{"host": f"users-a-{n}.postgres.internal", "port": 5432} for n in (1, 2)]
    primaries = MAP["primaries"] | {"users-a": {"members": members}}
    shard_map = parse_shard_map(json.dumps(changed(primaries=primaries)).encode())
    elected, led = shard_map.primaries["users-a"], shard_map.primaries["users-b"]
    assert elected.leader is None
    assert [member.host for member in elected.members] == [member["host"] for member in members]
    assert elected.candidates == elected.replicas == elected.members
    assert led.candidates == led.members == (led.leader,)
    assert led.replicas == ()


def test_an_id_made_in_a_larger_group_finds_its_shard_here() -> None:
    shard_map = parse_shard_map(json.dumps(MAP).encode())
    made_in_shard_37 = (123 << 23) | (37 << 10) | 5
    assert shard_map.shard_of(made_in_shard_37) == 37 % 4


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (changed(shard_count=3), "power of two"),
        (changed(shard_count=16384), "power of two"),
        (changed(shards=MAP["shards"][:1]), r"no primary for the shards \[3\]"),
        (changed(shards=[*MAP["shards"], MAP["shards"][1]]), "two primaries for the shard 3"),
        (changed(shards=[{"first": 0, "last": 3, "primary": "users-c"}]), "users-c"),
        (changed(shards=[{"first": 0, "last": 4, "primary": "users-a"}]), "cannot be read"),
        (changed(primaries={}), "cannot be read"),
        (changed(primaries={"users-a": {"members": []}}), "cannot be read"),
        (
            changed(primaries={"users-a": {"host": "a", "port": 1, "members": [{}]}}),
            "cannot be read",
        ),
        (
            changed(primaries={"users-a": {"host": "a", "members": [{"host": "a", "port": 5432}]}}),
            "both members and a leader",
        ),
    ],
)
def test_a_map_that_is_not_whole_is_refused(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ShardMapError, match=sentence):
        parse_shard_map(json.dumps(document).encode())


def test_a_group_without_a_map_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ShardMapError, match="cannot be read"):
        ShardMapFile(tmp_path / "nowhere.json")


def test_a_newer_file_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    write(file, MAP)
    map_file = ShardMapFile(file)
    write(file, changed(version=4, shards=[{"first": 0, "last": 3, "primary": "users-b"}]))
    assert map_file.reload().version == 4
    assert map_file.current().shards_on("users-b") == (0, 1, 2, 3)


@pytest.mark.parametrize("change", [{"version": 2}, {"group": "feed"}, {"shards": []}])
def test_a_wrong_file_leaves_the_map_as_it_was(tmp_path: Path, change: dict[str, Any]) -> None:
    file = tmp_path / "map.json"
    write(file, MAP)
    map_file = ShardMapFile(file)
    write(file, changed(**({"version": 9} | change)))
    assert map_file.reload().version == 3
    file.write_text("{ half a fi")
    assert map_file.reload().version == 3
    file.unlink()
    assert map_file.reload().version == 3

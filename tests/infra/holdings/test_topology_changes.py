"""Every kind of topology change is reported: how it is applied, or why it is refused."""

import re
from pathlib import Path

import pytest

from infra.holdings.topology_changes import When, drawn_groups, topology_changes
from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, load_topology

TEXT = TOPOLOGY_FILE.read_text(encoding="utf-8")
THIRD = """
[[group.users.primary]]
name = "users-c"
address = "13.3"
shards = [60, 63]
"""

CHANGES = [
    ("a range", {r"(users-a.*?)\[0, 31\]": r"\1[0, 15]", r"\[32, 63\]": "[16, 63]"}, "move"),
    (
        "a shard count",
        {r"shard_count = 64": "shard_count = 128", r"\[32, 63\]": "[32, 127]"},
        "split",
    ),
    ("another name", {r'name = "users-b"': 'name = "users-z"'}, "another primary"),
    (
        "a primary removed",
        {r'\[\[group.users.primary\]\]\nname = "users-b".*?\n\n': "\n", r"\[0, 31\]": "[0, 63]"},
        "cannot be removed",
    ),
    (
        "a primary added",
        {r"\[32, 63\]": "[32, 59]", r"\n\[group.upload\]": THIRD + r"[group.upload]"},
        "users-c cannot hold",
    ),
    (
        "a replica added",
        {r'"13.11" \}\]': '"13.11" }, { name = "users-a-replica-2", address = "13.21" }]'},
        "is new",
    ),
    (
        "a replica removed",
        {r'replicas = \[\{ name = "users-a-replica", address = "13.11" \}\]': ""},
        "is gone",
    ),
    ("a primary's address", {r'address = "13.1"\n': 'address = "13.9"\n'}, "moves from"),
    ("a replica's address", {r'"13.11"': '"13.19"'}, "moves from"),
]
WHENS = {
    "is new": When.NOW,
    "is gone": When.NOW,
    "moves from": When.RESTART,
}


@pytest.mark.parametrize(("name", "edits", "says"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_change_is_named(tmp_path: Path, name: str, edits: dict[str, str], says: str) -> None:
    text = TEXT
    for pattern, replacement in edits.items():
        text, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        assert count == 1
    file = tmp_path / "topology.toml"
    file.write_text(text, encoding="utf-8")
    before, now = (drawn_groups(plan_of(load_topology(one))) for one in (TOPOLOGY_FILE, file))
    changes = topology_changes(before, now)
    assert changes
    named = [change for change in changes if says in change.sentence]
    assert named
    assert {change.when for change in named} == {WHENS.get(says, When.NOT_POSSIBLE)}


def test_the_same_topology_changes_nothing() -> None:
    groups = drawn_groups(plan_of(load_topology()))
    assert topology_changes(groups, groups) == []
